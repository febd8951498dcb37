"""What sends the requests."""
