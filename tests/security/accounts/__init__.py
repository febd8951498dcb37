"""Security tests: no tenant learns or changes anything of another."""
