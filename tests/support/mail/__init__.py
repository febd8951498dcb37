"""Mail for tests: services that send it, and servers that receive it."""
