"""What each operation of the control plane does: one function per operationId."""
