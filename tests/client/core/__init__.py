"""The exchange of requests: errors, retries, secrets, logs, owners."""
