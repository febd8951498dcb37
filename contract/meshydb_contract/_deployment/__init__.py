"""The deployment under test: its names, how requests are sent to it, and the commands of its operator."""
