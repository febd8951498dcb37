"""What people install and import."""
