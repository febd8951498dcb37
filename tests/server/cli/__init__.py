"""Tests of the server: cli."""
