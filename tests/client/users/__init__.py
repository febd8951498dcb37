"""The users service of a connection."""
