"""The transports: how requests are sent, and the choice among them. Only the drivers and the command use them."""
