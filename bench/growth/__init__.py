"""What more users and more tenants cost. `USERS` sets the most users, and `SECONDS` how long each measurement takes."""
