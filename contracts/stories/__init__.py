"""Sequences of writes that show an effect and undo it."""
