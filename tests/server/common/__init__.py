"""Tests of the server: common."""
