"""A web application whose users can recover their passwords. Nothing is kept between its pages.

The request for a reset goes to the visitor's browser and comes back with the code. That is safe: it is worth nothing
without the code, and the service notices when it was changed.

    pip install '.[server]'     # from a checkout; with another framework than Starlette, `pip install .` is enough
    export MESHYDB_ACCOUNT_NAME=… MESHYDB_PUBLIC_KEY=… MESHYDB_BASE_URL=…
    python recovery_app.py
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from html import escape
from http import HTTPStatus
from urllib.parse import parse_qsl

import attrs
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from meshydb import AsyncMeshyClient, BadRequestError, MeshyError, NotFoundError, RateLimitError, UserVerificationHash

_ASK = '<form method="post" action="/sent"><input name="username" required> <button>Send me a code</button></form>'
_COMPLETE = """\
<form method="post" action="/done">
<input type="hidden" name="reset" value="{reset}">
<input name="code" placeholder="Code" autocomplete="one-time-code" required>
<input name="password" placeholder="New password" type="password" autocomplete="new-password" required>
<button>Set the password</button>
</form>"""


async def ask(_: Request) -> HTMLResponse:
    """Ask whose password is to be reset."""
    return _page("Forgot your password?", _ASK)


async def send(request: Request) -> HTMLResponse:
    """Have a code sent, and ask for it."""
    form = await _form(request)
    client: AsyncMeshyClient = request.app.state.client
    try:
        reset = await client.forgot_password(form.get("username", ""))
    except (BadRequestError, NotFoundError, ValueError):
        # Nobody of this name, or an anonymous user, who has no password. With MESHYDB_UNKNOWN_USER=decoy, the service
        # answers for unknown users too, and this page tells nobody.
        return _page("There is no such user.", _ASK, HTTPStatus.NOT_FOUND)
    # The masked address that the code went to, or the security question.
    return _page(f"Complete the reset: {reset.hint}", _complete(reset))


async def complete(request: Request) -> HTMLResponse:
    """Set the new password."""
    form = await _form(request)
    client: AsyncMeshyClient = request.app.state.client
    try:
        reset = _read(form.get("reset", ""))
    except (KeyError, TypeError, ValueError):
        return _page("Please begin again.", _ASK, HTTPStatus.BAD_REQUEST)
    try:
        await client.reset_password(reset, form.get("code", ""), form.get("password", ""))
    except (BadRequestError, ValueError) as error:
        message = (
            error.message
            if isinstance(error, BadRequestError)
            else "A code is needed, and a password of 8 to 128 characters."
        )
        return _page(message, _complete(reset), HTTPStatus.BAD_REQUEST)
    return _page("Your password is set, and you are logged out everywhere.", "")


async def too_many(_: Request, __: Exception) -> HTMLResponse:
    """Answer whoever has tried too often."""
    return _page("Please try again later.", "", HTTPStatus.TOO_MANY_REQUESTS)


async def unavailable(_: Request, __: Exception) -> HTMLResponse:
    """Answer whoever comes while the service does not."""
    return _page("Please try again in a moment.", "", HTTPStatus.BAD_GATEWAY)


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode(errors="replace")))


def _complete(reset: UserVerificationHash) -> str:
    kept = {**attrs.asdict(reset), "expires": reset.expires.isoformat()}
    return _COMPLETE.format(reset=escape(json.dumps(kept)))


def _read(kept: str) -> UserVerificationHash:
    values = json.loads(kept)
    values["expires"] = datetime.fromisoformat(values["expires"])
    return UserVerificationHash(**values)


def _page(message: str, form: str, status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
    page = f"<!DOCTYPE html><title>Password recovery</title><p>{escape(message)}</p>{form}"
    return HTMLResponse(page, status, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncGenerator[None]:
    # One client for all requests, which share its connections.
    async with AsyncMeshyClient() as client:
        app.state.client = client
        yield


app = Starlette(
    routes=[
        Route("/", ask),
        Route("/sent", send, methods=["POST"]),
        Route("/done", complete, methods=["POST"]),
    ],
    exception_handlers={RateLimitError: too_many, MeshyError: unavailable},
    lifespan=_lifespan,
)

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "8080")))
