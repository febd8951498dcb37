"""Tests of the server: recovery."""
