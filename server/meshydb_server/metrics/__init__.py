"""Metrics for Prometheus: what is counted, how queues are sampled, and the port that serves them.

Imported only where metrics are turned on. Nothing else in the server knows the library.
"""
