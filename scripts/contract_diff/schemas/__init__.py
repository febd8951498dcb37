"""Compares schemas, and the values that they admit."""
