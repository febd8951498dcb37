"""Tests of the security guarantees in docs/security.md: the name of each file begins with the numbers it tests."""
