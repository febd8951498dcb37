"""The users that a run creates, changes and deletes."""
