"""Serves metrics over HTTP in its own threads, so that neither a scrape nor the event loop waits for the other."""

from __future__ import annotations

import logging
import socket
import sys
import threading
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from typing import Final
from urllib.parse import urlsplit

from prometheus_client.exposition import MetricsHandler
from prometheus_client.registry import Collector

PATH: Final = "/metrics"

_log = logging.getLogger(__name__)


class _Handler(MetricsHandler):
    """Responds to scrapes. Each request has a connection of its own."""

    # Seconds without progress, after which the connection is closed.
    timeout = 10.0

    def do_GET(self) -> None:  # noqa: N802 - http.server names it
        """Send the metrics."""
        if urlsplit(self.path).path == PATH:
            # Without the query, which could select metrics by name.
            self.path = PATH
            super().do_GET()
        else:
            self.send_error(HTTPStatus.NOT_FOUND, explain=f"Metrics are at {PATH}.")

    def version_string(self) -> str:
        """The header `Server`, which need not tell the version of Python."""
        return "meshydb-server"


class _Server(ThreadingHTTPServer):
    """Accepts connections of a socket that already listens."""

    daemon_threads = True

    def __init__(self, sock: socket.socket, registry: Collector) -> None:
        super().__init__(sock.getsockname()[:2], _Handler.factory(registry), bind_and_activate=False)
        # Not the one that it has made, of the wrong family perhaps.
        self.socket.close()
        self.socket = sock

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - socketserver names them
        """Log what is not the client's doing. The server would print it otherwise, into the log."""
        if not isinstance(sys.exception(), OSError):
            _log.exception("A scrape failed.")


def serve_metrics(sock: socket.socket, registry: Collector) -> None:
    """Serve the metrics of a registry until the process ends."""
    server = _Server(sock, registry)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
