"""What several subjects share: clock and random source, keys, errors, passwords, and the limits on callers."""
