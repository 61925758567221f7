"""A proxy before a server, which judges what passes. See `README.md`."""
