"""The databases: connections, transactions, prepared statements, and errors of drivers."""
