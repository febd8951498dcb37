"""Tests of the server, by subject and by layer."""
