"""The contracts as tests, one module a kind of check."""
