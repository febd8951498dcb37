"""Real parts for tests: servers, databases and sockets on loopback."""
