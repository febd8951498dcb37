"""The settings of the server: environment variables, and what they may hold."""
