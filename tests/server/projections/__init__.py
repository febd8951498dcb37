"""Tests of the server: projections."""
