# Derived from _async by scripts/derive_sync.py; do not edit.
"""The transport over httpx."""
