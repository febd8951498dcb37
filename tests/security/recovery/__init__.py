"""Security tests: codes, handles and limits of a recovery."""
