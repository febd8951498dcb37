"""Tests of meshes: their rows, and filters in SQL."""
