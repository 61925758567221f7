"""Judges whether a server keeps the promises of the billing API. Knows nothing of the insides of any server."""
