"""What the server answers, byte for byte, to requests that no client library would send."""
