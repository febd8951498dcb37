"""Tables, migrations and queries. SQLAlchemy Core, async; SQLite embedded, PostgreSQL in production."""
