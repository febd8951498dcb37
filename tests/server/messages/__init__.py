"""Tests of the server: messages."""
