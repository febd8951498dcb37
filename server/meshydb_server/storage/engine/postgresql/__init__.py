"""PostgreSQL: its connections and its transactions."""
