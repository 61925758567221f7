"""What is true of every operation of a kind: of all lists, of all filters, of all that can be refused."""
