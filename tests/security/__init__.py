"""Password recovery, held against its security requirements, each by its number."""
