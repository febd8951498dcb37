"""The REST reference of the documentation site, made from openapi.yaml."""
