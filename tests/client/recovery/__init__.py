"""Password recovery."""
