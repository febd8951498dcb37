"""The web application that the documentation shows, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from html import unescape
from typing import Final

import httpx
import pytest

from meshydb import BadRequestError
from meshydb.testing import MeshyServer
from tests.support.contract import ROOT
from tests.support.requests_to_reset import at
from tests.unit.tcp import refusing_url

_OLD: Final = "an old passphrase"
_NEW: Final = "a new passphrase"


@contextmanager
def _application(environment: Mapping[str, str]) -> Generator[httpx.Client]:
    """Run the application, and yield what sends forms to it."""
    process = subprocess.Popen(
        [sys.executable, ROOT / "examples" / "recovery_app.py"],
        env={**os.environ, **environment, "PORT": "0"},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stderr is not None
        url = next(match[0] for line in process.stderr if (match := re.search(r"http://[0-9.:]+", line)))
        reader = threading.Thread(target=process.stderr.read)
        reader.start()
        with httpx.Client(base_url=url) as client:
            yield client
        process.terminate()
        reader.join()


@pytest.fixture
def browser(meshydb_server: MeshyServer) -> Generator[httpx.Client]:
    """What sends forms to the application, which runs beside a server with a user."""
    meshydb_server.create_user("ada", email="ada@example.org", password=_OLD)
    with _application(meshydb_server.environment) as client:
        yield client


def _asked(browser: httpx.Client) -> str:
    """What the page holds of a request that was just made."""
    page = browser.post("/sent", data={"username": "ada"})
    assert (page.status_code, "Complete the reset: a***@example.org" in page.text) == (200, True)
    (kept,) = re.findall('name="reset" value="([^"]*)"', page.text)
    return unescape(kept)


def test_recovery(browser: httpx.Client, meshydb_server: MeshyServer) -> None:
    """Who has the code sets a new password, and logs in with it."""
    assert 'action="/sent"' in browser.get("/").text
    form = {"reset": _asked(browser), "code": meshydb_server.last_code("ada"), "password": _NEW}
    assert browser.post("/done", data=form).status_code == 200
    client = meshydb_server.client()
    client.login("ada", _NEW)
    with pytest.raises(BadRequestError):
        client.login("ada", _OLD)


@pytest.mark.parametrize(
    "wrong", [{"code": "WRONG234"}, {"code": ""}, {"password": "short"}, {"reset": "canary"}, {"reset": "[]"}]
)
def test_refusal(browser: httpx.Client, meshydb_server: MeshyServer, wrong: dict[str, str]) -> None:
    """Who has something wrong is told so, and the password is what it was."""
    form = {"reset": _asked(browser), "code": meshydb_server.last_code("ada"), "password": _NEW}
    page = browser.post("/done", data={**form, **wrong})
    assert (page.status_code, "<form" in page.text) == (400, True)
    meshydb_server.client().login("ada", _OLD)


@pytest.mark.parametrize("username", ["nobody", "", '"><script>'])
def test_unknown(browser: httpx.Client, username: str) -> None:
    """Who is unknown is told so, where the server does, and nothing of theirs gets into the page."""
    page = browser.post("/sent", data={"username": username})
    assert page.status_code == 404
    assert "<script>" not in page.text


def test_odd_ones(browser: httpx.Client, meshydb_server: MeshyServer) -> None:
    """Who has no password to recover, or sends what is no text, is told that there is nobody."""
    meshydb_server.client().register_anonymous_user("device")
    assert browser.post("/sent", data={"username": "device"}).status_code == 404
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.post("/sent", content=b"username=\xff", headers=headers).status_code == 404


def test_service_is_down() -> None:
    """Whoever comes while the service does not answer is asked to come back."""
    with _application(at(refusing_url())) as client:
        page = client.post("/sent", data={"username": "ada"})
    assert (page.status_code, "Please try again" in page.text) == (502, True)


def test_too_often(browser: httpx.Client) -> None:
    """Who asks too often is told to come back later."""
    # The server's limit for one user is ten in an hour.
    answers = [browser.post("/sent", data={"username": "ada"}).status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]
