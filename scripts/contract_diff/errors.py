"""What makes a comparison impossible."""


class UsageError(Exception):
    """A revision or document that cannot be compared. Its message is one line for the person who asked."""
