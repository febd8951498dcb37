"""Tests of the server: roles."""
