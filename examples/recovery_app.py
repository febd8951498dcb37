"""A web application to recover passwords, with or without JavaScript.

    pip install '.[server]' jinja2    # from a checkout; without Starlette and uvicorn, `pip install .` is enough
    export MESHYDB_ACCOUNT_NAME=… MESHYDB_PUBLIC_KEY=… MESHYDB_BASE_URL=…
    python examples/recovery_app.py   # http://127.0.0.1:8080

The pages are in `recovery_pages`. Behind HTTPS, set SECURE_COOKIES=1.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from meshydb import AsyncMeshyClient, BadRequestError, MeshyError, NotFoundError, RateLimitError, UserVerificationHash

_PAGES = Path(__file__).parent / "recovery_pages"
_TEMPLATES = Jinja2Templates(_PAGES)
_FORM_MAX_BYTES = 16_384
_COOKIE = "reset"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


async def forgot(request: Request) -> Response:
    """Ask for a username, and request a code."""
    if request.method != "POST":
        return _page(request, "forgot.html")
    username = (await _form(request)).get("username", "").strip()
    client: AsyncMeshyClient = request.app.state.client
    try:
        reset = await client.forgot_password(username)
    except ValueError:
        return _page(request, "forgot.html", username=username, errors={"username": "Enter your username."})
    except NotFoundError as error:
        if error.code != "unknown_user":
            raise
        # With MESHYDB_UNKNOWN_USER=decoy, the server responds to unknown users as to known ones.
        errors = {"username": "There is no user of this name."}
        return _page(request, "forgot.html", username=username, errors=errors)
    except BadRequestError as error:
        return _page(request, "forgot.html", username=username, errors={"username": error.message})
    response = RedirectResponse("/reset", HTTPStatus.SEE_OTHER, _HEADERS)
    # The reset is of no use without the code, and the server rejects a changed one.
    response.set_cookie(
        _COOKIE, _stored(reset), max_age=3600, httponly=True, samesite="lax", secure="SECURE_COOKIES" in os.environ
    )
    return response


async def complete(request: Request) -> Response:
    """Ask for the code and a new password, and set it."""
    reset = _restored(request.cookies.get(_COOKIE, ""))
    if reset is None:
        # The cookie has expired, or the visitor opened this page first.
        return RedirectResponse("/", HTTPStatus.SEE_OTHER, _HEADERS)
    if request.method != "POST":
        return _page(request, "reset.html", reset=reset)
    form = await _form(request)
    code, password = form.get("code", "").strip(), form.get("password", "")
    errors = _missing(code, password)
    if not errors:
        client: AsyncMeshyClient = request.app.state.client
        try:
            await client.reset_password(reset, code, password)
        except ValueError:
            errors = {"code": "The code contains invalid characters."}
        except BadRequestError as error:
            errors = {_field_of(error): error.message}
    if errors:
        # Never send passwords back. Send the code back, unless it is wrong.
        return _page(request, "reset.html", reset=reset, code="" if "code" in errors else code, errors=errors)
    response = RedirectResponse("/done", HTTPStatus.SEE_OTHER, _HEADERS)
    response.delete_cookie(_COOKIE)
    return response


async def done(request: Request) -> Response:
    """Say that the password is set."""
    return _message(request, "Your password is set", "You are logged out everywhere. Log in with the new password.")


async def too_many(request: Request, error: Exception) -> Response:
    """Tell a visitor with too many attempts to retry later."""
    response = _message(request, "Too many attempts", "Please try again later.", HTTPStatus.TOO_MANY_REQUESTS)
    if isinstance(error, RateLimitError) and error.retry_after is not None:
        response.headers["Retry-After"] = str(round(error.retry_after))
    return response


async def unavailable(request: Request, _: Exception) -> Response:
    """Tell a visitor to retry if the service fails or does not respond."""
    return _message(request, "Something went wrong", "Please try again in a moment.", HTTPStatus.BAD_GATEWAY)


async def _form(request: Request) -> dict[str, str]:
    # Browsers send the origin of a form, so forms of other sites are rejected without a token.
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site")
    own = origin is None or urlsplit(origin).netloc == request.headers.get("Host")
    if site not in {None, "same-origin", "none"} or (site is None and not own):
        raise HTTPException(HTTPStatus.FORBIDDEN)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _FORM_MAX_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return dict(parse_qsl(body.decode(errors="replace")))


def _missing(code: str, password: str) -> dict[str, str]:
    errors: dict[str, str] = {}
    if not code:
        errors["code"] = "Enter the code, or the answer."
    if not 8 <= len(password) <= 128:  # noqa: PLR2004 - as the page says
        errors["password"] = "Enter a password of 8 to 128 characters."  # noqa: S105 - it is a message
    return errors


def _field_of(error: BadRequestError) -> str:
    return "password" if (error.code or "").startswith("password_") else "code"


def _stored(reset: UserVerificationHash) -> str:
    return base64.urlsafe_b64encode(json.dumps(reset.to_dict()).encode()).decode()


def _restored(cookie: str) -> UserVerificationHash | None:
    try:
        return UserVerificationHash.from_dict(json.loads(base64.urlsafe_b64decode(cookie)))
    except ValueError:
        return None


def _page(request: Request, template: str, *, errors: Mapping[str, str] | None = None, **context: object) -> Response:
    status = HTTPStatus.BAD_REQUEST if errors else HTTPStatus.OK
    return _TEMPLATES.TemplateResponse(request, template, {"errors": errors or {}, **context}, status, _HEADERS)


def _message(request: Request, title: str, text: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return _TEMPLATES.TemplateResponse(request, "message.html", {"title": title, "text": text}, status, _HEADERS)


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncGenerator[None]:
    # One client for all requests, which share its connection pool.
    async with AsyncMeshyClient() as client:
        app.state.client = client
        yield


app = Starlette(
    routes=[
        Route("/", forgot, methods=["GET", "POST"]),
        Route("/reset", complete, methods=["GET", "POST"]),
        Route("/done", done),
        Mount("/static", StaticFiles(directory=_PAGES / "static")),
    ],
    exception_handlers={RateLimitError: too_many, MeshyError: unavailable},
    lifespan=_lifespan,
)

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "8080")))
