# Derived from _async by scripts/derive_sync.py; do not edit.
"""The client, its connections and services, and the driver that does their I/O."""
