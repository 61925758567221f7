"""Two servers compared by what they say. See `README.md`."""
