"""What each operation does: one function per operationId, and nothing else that a caller could name."""
