"""Relaxed JSON: from the text of a filter, update, order or pipeline, or from a parsed mapping, to values."""
