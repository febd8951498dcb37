"""Tests of the contract gate, and of our own server with it."""
