"""Users of a run: they are made, and deleted at its end."""
