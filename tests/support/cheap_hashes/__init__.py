"""The command meshydb-server with cheap hashes of passwords."""
