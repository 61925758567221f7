"""Waldur's rules of billing, free of HTTP: who is billed for what, and what may be done about it."""
