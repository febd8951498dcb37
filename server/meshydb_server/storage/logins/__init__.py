"""The rows of logins: sessions, and the networks that users log in from."""
