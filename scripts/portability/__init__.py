"""Tries openapi.yaml with code generators of other projects."""
