"""A run: schemathesis, the scenarios, and a good request of each operation that is left."""
