"""Tables, migrations and queries. SQLAlchemy Core; SQLite embedded, PostgreSQL in production."""
