"""Tables, migrations and queries, with SQLAlchemy Core: on SQLite embedded, on PostgreSQL in production."""
