"""Security tests: usernames, passwords, and changes of addresses and security questions."""
