"""Deliveries: email and text messages."""
