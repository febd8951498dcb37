"""Security tests: limits and fairness of the mail worker."""
