"""How fast the mock is, as a ratio against a bare server in the same run. See README.md."""
