"""The transports that send requests, and the choice among them. Only the drivers and the command import them."""
