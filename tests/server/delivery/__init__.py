"""Tests of the server: delivery."""
