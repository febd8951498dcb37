"""The core, without I/O: requests and responses, retries, access tokens, errors and logs."""
