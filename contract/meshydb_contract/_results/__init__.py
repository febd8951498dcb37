"""The results of a run: findings, verdict and reports."""
