"""Sends requests with pyreqwest, which `meshydb[fast]` installs. Only `choice` imports this package.

The modules in this package need pyreqwest. They are imported when the first client is made. This file needs nothing.

pyreqwest comes with adapters for httpx. They report a connection that broke during a request as one that was never
made, so a request that may have been processed would be retried. They follow redirects silently. And httpx's own
request and response objects cost more time than pyreqwest needs to send and receive.
"""


class UnusableError(Exception):
    """pyreqwest is installed, but does not work in this process."""
