"""The suites, from the document to the wire."""
