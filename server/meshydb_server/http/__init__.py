"""Routing, validation and errors: parses requests, calls services, and renders responses."""
