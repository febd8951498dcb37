"""Tests of the server: the audit trail."""
