"""The description of Waldur's billing API, written by hand from the documents, and what reads it."""
