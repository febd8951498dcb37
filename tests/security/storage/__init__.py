"""Security tests: failures, waits and costs of the database."""
