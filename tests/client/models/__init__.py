"""Arguments and results, and their JSON."""
