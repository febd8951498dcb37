"""The half of the package that does I/O."""
