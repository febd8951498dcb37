"""The deployment under test: its names, the transport, and the commands of its operator."""
