"""Security tests: logging, shutdown and crashes of the server process."""
