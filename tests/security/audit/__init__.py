"""Security tests: the audit trail."""
