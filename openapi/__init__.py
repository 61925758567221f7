"""The description of Waldur's billing API, written by hand from the documents; the folder is packaged as data."""
