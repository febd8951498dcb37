"""The errors of broken connections that decide whether a request may be retried.

If a connection closes without a response, HTTP does not say whether the request was processed (RFC 9110, 9.2.2). Two
cases can be told apart: a request that was not sent as a whole was not processed, and a request on a connection that
was kept from an earlier one probably met the server's idle timeout.
"""

import httpx


class NotSentError(httpx.WriteError):
    """The connection broke before the request was sent as a whole, so the service cannot have processed it."""


class StaleConnectionError(httpx.ReadError):
    """A kept connection was closed without a response. The service may have processed the request all the same."""
