"""Ways to reach users."""
