"""Recovery, own accounts and logins, beside other servers of users."""
