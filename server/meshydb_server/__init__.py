"""A MeshyDB server that anyone can host, driven by `openapi.yaml`.

Layers, top down: `http` (routing, validation, errors), `services` (the rules of accounts, users and recovery),
`storage` (SQLAlchemy Core on SQLite or PostgreSQL). A lower layer knows nothing of a higher one.
"""
