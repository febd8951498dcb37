"""The process of the server: workers, stopping, standard streams and logs."""
