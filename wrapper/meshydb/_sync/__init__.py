# Derived from _async by scripts/derive_sync.py; do not edit.
"""The half of the package that does I/O."""
