"""The mock in a test suite: in this process, as a live server, and as fixtures of pytest."""
