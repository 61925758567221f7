"""The words of the command line, and the settings that they make."""
