"""HTTP/1.1 as uvicorn serves it, with the documented error for what is not even HTTP."""

from __future__ import annotations

from http import HTTPStatus

import h11
from starlette.responses import JSONResponse
from uvicorn.protocols.http.h11_impl import H11Protocol

from meshydb_server.http.errors import error_response
from meshydb_server.http.exchange import access_log, new_request_id


class Protocol(H11Protocol):
    """h11 rather than httptools: it passes unknown methods on, so that they get their 405."""

    def send_400_response(self, msg: str) -> None:
        """Answer a request that cannot be parsed, where uvicorn would answer in plain text."""
        under_way = self.conn.our_state is h11.SEND_RESPONSE
        # Otherwise an answer has gone out already, ahead of a body that then turned out to be broken.
        if under_way or self.conn.our_state is h11.IDLE:
            self._answer_bad_request(msg, head=under_way and self.scope["method"] == "HEAD")
        if under_way:
            # The application may answer too; this connection takes no second response.
            self.cycle.disconnected = True
        self.transport.close()

    def _answer_bad_request(self, msg: str, *, head: bool) -> None:
        request_id = new_request_id()
        client = self.client[0] if self.client else None
        access_log.warning("malformed", extra={"requestId": request_id, "status": 400, "client": client})
        headers = {"X-Request-ID": request_id, "Cache-Control": "no-store", "Connection": "close"}
        response: JSONResponse = error_response(HTTPStatus.BAD_REQUEST, msg, headers)
        start = h11.Response(status_code=HTTPStatus.BAD_REQUEST, headers=response.raw_headers, reason=b"Bad Request")
        body = b"" if head else bytes(response.body)
        for event in (start, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
