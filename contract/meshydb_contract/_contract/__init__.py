"""The contract: the document, and the checks that a response must pass."""
