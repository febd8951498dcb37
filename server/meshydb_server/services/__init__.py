"""The rules of accounts, users, recovery and messages. Knows storage; knows nothing of HTTP."""
