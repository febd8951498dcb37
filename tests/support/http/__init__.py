"""HTTP for tests: requests byte for byte."""
