"""What the neighbours of the billing operations answer: one function per operationId, from the rows of the world."""
