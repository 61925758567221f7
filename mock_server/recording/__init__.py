"""Worlds from deployments: reads a server into a world file, and replaces what is private in it. See `README.md`."""
