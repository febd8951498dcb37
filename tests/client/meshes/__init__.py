"""Meshes and projections."""
