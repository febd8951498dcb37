"""Errors that prevent a comparison."""


class UsageError(Exception):
    """A revision or document cannot be compared. The message is one line for the user."""
