"""Which certificates are trusted, by the variables of the environment.

`ssl.create_default_context` raises an error if the file that `SSLKEYLOGFILE` names cannot be written. That variable is
for debugging and must not stop a client, so contexts are built here.
"""

import ssl
import sys
from contextlib import suppress
from functools import lru_cache
from os import environ

import certifi


def service_context() -> ssl.SSLContext:
    """Return the context for connections to the service. It trusts the same certificates as httpx.

    Raises:
        ValueError: `SSL_CERT_FILE` or `SSL_CERT_DIR` names no certificates.
    """
    return _service_context(*map(environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")))


def proxy_context() -> ssl.SSLContext:
    """Build the context for connections to a proxy. It trusts the same certificates as httpcore."""
    context = _new_context(environ.get("SSLKEYLOGFILE"))
    context.load_default_certs()
    context.load_verify_locations(certifi.where())
    return context


# Reading all certificates takes as long as some requests, and as much memory as everything else that a client has.
@lru_cache(maxsize=1)
def _service_context(file: str | None, folder: str | None, key_log: str | None) -> ssl.SSLContext:
    context = _new_context(key_log)
    try:
        if file:
            context.load_verify_locations(cafile=file)
        elif folder:
            context.load_verify_locations(capath=folder)
        else:
            context.load_verify_locations(cafile=certifi.where())
    except OSError as error:
        raise ValueError(f"SSL_CERT_FILE and SSL_CERT_DIR must name certificates: {error}") from error
    return context


def _new_context(key_log: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if sys.version_info >= (3, 13):
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    if key_log and not sys.flags.ignore_environment:
        with suppress(OSError):
            context.keylog_filename = key_log
    return context
