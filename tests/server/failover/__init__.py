"""PostgreSQL that fails over."""
