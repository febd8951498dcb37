# Derived from _async by scripts/derive_sync.py; do not edit.
"""The documents of meshes, plain and as instances of classes."""
