"""The control plane under `/_mock/`, and the middleware that it steers: faults, journal, events, sessions."""
