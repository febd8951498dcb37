"""The client, its connections and services, and the driver that does their I/O."""
