"""Tests of `make contract-diff`, which finds changes that break clients."""
