"""Security tests: what responses, logs and timing tell a stranger."""
