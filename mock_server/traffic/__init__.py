"""What goes on between clients and servers: two servers compared, and one watched from a proxy. See `README.md`."""
