"""What many checks read: the billing data that a role sees, and sums, look-ups and figures made of it."""
