"""Tests of the server: users."""
