"""SQLite: its file, its connections and its transactions."""
