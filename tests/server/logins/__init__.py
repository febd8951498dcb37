"""Tests of the server: logins."""
