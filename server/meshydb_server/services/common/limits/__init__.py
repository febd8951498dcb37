"""The limits on callers: their table, rolling quotas, and counting by client and by all clients."""
