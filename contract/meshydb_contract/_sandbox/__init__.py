"""The users and roles that a run creates, changes and deletes."""
