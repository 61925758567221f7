"""The import package. Its subpackages are links to the top-level folders, so that an installation has one top name."""

__version__ = "0.1.0"
