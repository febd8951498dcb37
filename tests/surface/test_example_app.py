"""The web application that the documentation shows, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait

from meshydb import BadRequestError
from meshydb.testing import MeshyServer
from tests.support.contract import ROOT
from tests.support.tcp import refusing_url
from tests.surface.browser import background_of, browsing, console_of, overflow_of, show_as
from tests.surface.reset_requests import at

_OLD: Final = "an old passphrase"
_NEW: Final = "a new passphrase"
_COMMON: Final = "password1"
_PATIENCE_SECONDS: Final = 30


@contextmanager
def _application(environment: Mapping[str, str]) -> Generator[str]:
    """Run the application, and yield its URL."""
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
        yield url
        process.terminate()
        reader.join()


@pytest.fixture
def url(meshydb_server: MeshyServer) -> Generator[str]:
    """The URL of the application, which runs beside a server with a user."""
    meshydb_server.create_user("ada", email="ada@example.org", password=_OLD)
    with _application(meshydb_server.environment) as url:
        yield url


@pytest.fixture
def visitor(url: str) -> Generator[httpx.Client]:
    """A client that sends forms to the application and follows redirects."""
    with httpx.Client(base_url=url, follow_redirects=True) as client:
        yield client


def _asked(visitor: httpx.Client) -> None:
    page = visitor.post("/", data={"username": "ada"})
    assert (page.status_code, page.url.path, "a***@example.org" in page.text) == (200, "/reset", True)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scripts", [False, True], ids=["no-scripts", "scripts"])
def test_in_a_browser(tmp_path: Path, url: str, meshydb_server: MeshyServer, width: int, *, scripts: bool) -> None:
    """A user recovers a password after errors shown beside their fields, without secrets in any URL."""
    with browsing(tmp_path) as opened:
        browser: Any = opened
        dark = width < 1000
        show_as(opened, width=width, dark=dark)
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not scripts})
        browser.get(url)
        assert (background_of(browser) < 128) == dark
        _fill(browser, username="nobody")
        assert _errors(browser) == {"username": "Error: There is no user of this name."}
        _fill(browser, username="ada")
        assert "a***@example.org" in browser.find_element(By.TAG_NAME, "main").text
        assert overflow_of(browser) == []
        _fill(browser, code="WRONG234", password=_NEW)
        assert list(_errors(browser)) == ["code"]
        _fill(browser, code=meshydb_server.last_code("ada"), password=_COMMON)
        assert list(_errors(browser)) == ["password"]
        # The code was right, and is not asked for again.
        assert browser.find_element(By.ID, "code").get_attribute("value") == meshydb_server.last_code("ada")
        assert browser.current_url == f"{url}/reset"
        assert overflow_of(browser) == []
        _fill(browser, password=_NEW)
        assert browser.current_url == f"{url}/done"
        assert [line for line in console_of(browser) if "status of 400" not in line] == []
    meshydb_server.client().login("ada", _NEW)


def _fill(browser: Any, **fields: str) -> None:
    for name, text in fields.items():
        # By its label, as people find it.
        label = browser.find_element(By.CSS_SELECTOR, f"label[for={name}]")
        assert label.text
        field = browser.find_element(By.ID, label.get_attribute("for"))
        assert field.get_attribute("autocomplete") in {"username", "one-time-code", "new-password"}
        field.clear()
        field.send_keys(text)
    button = browser.find_element(By.TAG_NAME, "button")
    button.click()
    # While the page goes, the driver has more than one word for a button that is no more.
    wait: Any = WebDriverWait(browser, _PATIENCE_SECONDS, ignored_exceptions=[WebDriverException])
    wait.until(staleness_of(button))


def _errors(browser: Any) -> dict[str, str]:
    """The errors by field, as a screen reader announces them."""
    assert browser.title.startswith("Error: ")
    wrong = browser.find_elements(By.CSS_SELECTOR, "[aria-invalid=true]")
    return {
        field.get_attribute("id"): browser.find_element(
            By.ID, field.get_attribute("aria-describedby").split()[-1]
        ).get_attribute("textContent")
        for field in wrong
    }


def test_recovery(visitor: httpx.Client, meshydb_server: MeshyServer) -> None:
    """A user with the code sets a new password and logs in; the reset is removed from the session."""
    _asked(visitor)
    page = visitor.post("/reset", data={"code": meshydb_server.last_code("ada"), "password": _NEW})
    assert (page.status_code, page.url.path) == (200, "/done")
    assert visitor.get("/reset").url.path == "/"
    client = meshydb_server.client()
    client.login("ada", _NEW)
    with pytest.raises(BadRequestError):
        client.login("ada", _OLD)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"code": "WRONG234"}, "code"),
        ({"code": ""}, "code"),
        ({"code": "a\0b"}, "code"),
        ({"password": "short"}, "password"),
        ({"password": _COMMON}, "password"),
    ],
)
def test_refusal(visitor: httpx.Client, meshydb_server: MeshyServer, wrong: dict[str, str], field: str) -> None:
    """An error is shown beside its field, without a password, and changes nothing."""
    _asked(visitor)
    form = {"code": meshydb_server.last_code("ada"), "password": _NEW, **wrong}
    page = visitor.post("/reset", data=form)
    assert page.status_code == 400
    assert re.findall('id="([a-z]+)-error"', page.text) == [field]
    assert f'value="{form["password"]}"' not in page.text
    meshydb_server.client().login("ada", _OLD)


@pytest.mark.parametrize("username", ["nobody", "", '"><script>'])
def test_unknown(visitor: httpx.Client, username: str) -> None:
    """An unknown user gets an error if the server reveals it, and input is escaped in the page."""
    page = visitor.post("/", data={"username": username})
    assert (page.status_code, 'id="username-error"' in page.text) == (400, True)
    assert "<script>" not in page.text


def test_odd_ones(visitor: httpx.Client, meshydb_server: MeshyServer) -> None:
    """Anonymous users and invalid or too long input get an error."""
    meshydb_server.client().register_anonymous_user("device")
    assert visitor.post("/", data={"username": "device"}).status_code == 400
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert visitor.post("/", content=b"username=\xff", headers=headers).status_code == 400
    assert visitor.post("/", data={"username": "a" * 20_000}).status_code == 413


@pytest.mark.parametrize("cookie", ["canary", "W10=", "e30=", "bnVsbA=="])
def test_malformed_cookie(visitor: httpx.Client, cookie: str) -> None:
    """A malformed session cookie starts over."""
    visitor.cookies.set("reset", cookie)
    assert visitor.get("/reset").url.path == "/"
    assert visitor.post("/reset", data={"code": "MFRGGZDF", "password": _NEW}).url.path == "/"


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
)
def test_forged_form(visitor: httpx.Client, meshydb_server: MeshyServer, headers: dict[str, str]) -> None:
    """A form that another site has sent does nothing."""
    assert visitor.post("/", data={"username": "ada"}, headers=headers).status_code == 403
    _asked(visitor)
    form = {"code": meshydb_server.last_code("ada"), "password": _NEW}
    assert visitor.post("/reset", data=form, headers=headers).status_code == 403
    meshydb_server.client().login("ada", _OLD)


def test_cookie(url: str) -> None:
    """No script and no other site's form has the cookie, and no response is kept."""
    response = httpx.post(url, data={"username": "ada"})
    assert (response.status_code, response.headers["Location"]) == (303, "/reset")
    assert {"HttpOnly", "SameSite=lax"} <= set(response.headers["Set-Cookie"].split("; "))
    assert response.headers["Cache-Control"] == "no-store"


def test_service_is_down() -> None:
    """While the service is down, the page asks to try again later."""
    with _application(at(refusing_url())) as url:
        page = httpx.post(url, data={"username": "ada"})
    assert (page.status_code, "Please try again" in page.text) == (502, True)


def test_too_often(visitor: httpx.Client) -> None:
    """A rate-limited user sees when to try again."""
    # The server's limit for one user is ten in an hour.
    answers = [visitor.post("/", data={"username": "ada"}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
