"""`make dist`: builds what is released, and tests it as it is installed."""
