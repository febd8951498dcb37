"""Sends requests by pyreqwest, which `meshydb[fast]` brings. Only `_transport` imports this.

The modules in here need pyreqwest, and are imported once a client is made; this file needs nothing.

pyreqwest has adapters for httpx of its own. They take a connection that broke under a request for one that was never
made, so that a request which may have been carried out would be sent again; redirects are followed out of sight; and
httpx's own requests and answers cost more time than pyreqwest takes to send and receive them.
"""


class UnusableError(Exception):
    """What `meshydb[fast]` brings is there, but does not work in this process."""
