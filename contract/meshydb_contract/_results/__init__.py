"""What a run has found: the verdict, and the reports."""
