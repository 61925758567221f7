"""What makes the documentation, the list of licences and the releases. Nothing imports it."""
