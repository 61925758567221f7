"""What an upgrade from one release to another changes, and which data and requests of a server it touches."""
