"""Tests our own server with knowledge of its data, as `make contract` does."""
