"""Projections: pipelines of stages over the documents of a mesh."""
