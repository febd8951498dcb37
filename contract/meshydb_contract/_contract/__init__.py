"""The contract: the document, its operations, and the checks of responses."""
