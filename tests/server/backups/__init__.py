"""Tests of the server: backups."""
