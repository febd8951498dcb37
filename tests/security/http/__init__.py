"""Security tests: connections, parsers and client addresses."""
