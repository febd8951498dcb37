"""Tests of the server: registration."""
