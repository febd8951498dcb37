"""Tests of the server: metrics."""
