"""Tests of the server: configuration."""
