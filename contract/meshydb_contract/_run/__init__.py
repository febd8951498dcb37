"""A run: scenarios, then schemathesis, then a fallback request for each operation without a success."""
