"""From an operation to its result, without I/O: requests and responses, retries, tokens, errors, logs."""
