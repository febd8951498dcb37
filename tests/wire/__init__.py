"""The server's responses, byte for byte, to requests that no client library would send."""
