"""The rules of accounts, users, recovery and messages. It uses storage, and knows nothing of HTTP."""
