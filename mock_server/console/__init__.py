"""The control plane under `/_mock/`: what a user of the mock may see and do beside the API."""
