"""What is true of one operation: a function of its name, whose docstring is the requirement."""
