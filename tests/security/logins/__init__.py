"""Security tests: wrong passwords, hashing and access tokens."""
