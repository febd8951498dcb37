"""Filters: their tree, how it is built, and which documents match."""
