"""What breaks clients, by `make contract-diff`."""
