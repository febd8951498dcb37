"""What runs the server elsewhere, and what is released."""
