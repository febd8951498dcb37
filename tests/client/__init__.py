"""The client, tested over real connections."""
