"""The reference that the server shows, as people see it: in a browser."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from meshydb.testing import MeshyServer
from meshydb_server.reference import build_page
from tests.support.contract import read
from tests.surface.browser import background_of, browsing, console_of, overflow_of, show_as

# Of what never comes, the test is to fail; what comes is not waited for any longer.
_PATIENCE_SECONDS: Final = 30


@pytest.fixture
def browser(tmp_path: Path) -> Generator[Chrome]:
    """A browser with nothing open."""
    with browsing(tmp_path) as browser:
        yield browser


def test_try_it(browser: Chrome, meshydb_server: MeshyServer) -> None:
    """A request that a person fills in and sends from the page gets its answer, and nothing is amiss in the console."""
    meshydb_server.create_user("ada", email="ada@example.org")
    wait: Any = WebDriverWait(browser, _PATIENCE_SECONDS)
    # With the slash that people add, which the contract allows.
    browser.get(f"{meshydb_server.url}/docs/")
    operation = wait.until(lambda page: page.find_element(By.ID, "operations-recovery-forgotPassword"))

    def find(selector: str) -> Any:
        return wait.until(lambda _: operation.find_element(By.CSS_SELECTOR, selector))

    def write(selector: str, text: str) -> None:
        # Over what is there: emptied, the page would fill it in again.
        find(selector).send_keys(Keys.CONTROL, "a", Keys.NULL, text)

    find(".opblock-summary-control").click()
    find(".try-out__btn").click()
    write("input[placeholder=accountName]", meshydb_server.account)
    write("input[placeholder=tenant]", "default")
    write("textarea", '{"username": "ada", "attempt": 1}')
    find(".execute").click()
    answer = find(".live-responses-table .response")
    assert answer.find_element(By.CSS_SELECTOR, ".response-col_status").text == "200"
    reset = json.loads(answer.find_element(By.CSS_SELECTOR, ".highlight-code code").text)
    assert (reset["username"], reset["attempt"], reset["hint"]) == ("ada", 1, "a***@example.org")
    assert meshydb_server.last_code("ada")
    assert console_of(browser) == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_any_screen(browser: Chrome, meshydb_server: MeshyServer, width: int, *, dark: bool) -> None:
    """An operation that a link points at fits a narrow screen and a wide one, in the colours of the system."""
    show_as(browser, width=width, dark=dark)
    browser.get(f"{meshydb_server.url}/docs#/recovery/forgotPassword")
    wait: Any = WebDriverWait(browser, _PATIENCE_SECONDS)
    rows = wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, ".opblock.is-open tr[data-param-in]"))
    assert [row.get_attribute("data-param-name") for row in rows] == ["accountName", "tenant"]
    assert overflow_of(browser) == []
    assert (background_of(browser) < 128) == dark
    button = browser.find_element(By.ID, "color-scheme")
    assert button.text == ("Light mode" if dark else "Dark mode")
    browser.execute_script("scrollTo(0, 0)")
    button.click()
    assert (background_of(browser) < 128) != dark
    assert button.text == ("Dark mode" if dark else "Light mode")


def test_operations_come_first(browser: Chrome, meshydb_server: MeshyServer) -> None:
    """The root leads to the page, where what holds for every operation is folded, so that operations are in sight."""
    show_as(browser, width=1280, height=1000)
    browser.get(f"{meshydb_server.url}/")
    assert browser.current_url == f"{meshydb_server.url}/docs"
    wait: Any = WebDriverWait(browser, _PATIENCE_SECONDS)
    first = wait.until(lambda page: page.find_element(By.CLASS_NAME, "opblock"))
    assert first.rect["y"] < 1000
    folded = browser.find_element(By.CLASS_NAME, "conventions")
    assert "Secrets." not in folded.text
    folded.find_element(By.TAG_NAME, "summary").click()
    assert "Secrets." in folded.text


def test_shared_examples(browser: Chrome, meshydb_server: MeshyServer) -> None:
    """An example that the document holds as a component is shown where it is referred to."""
    browser.get(f"{meshydb_server.url}/docs#/users/getUser")
    wait: Any = WebDriverWait(browser, _PATIENCE_SECONDS)
    example = wait.until(lambda page: page.find_element(By.CSS_SELECTOR, ".opblock.is-open .example code"))
    assert json.loads(example.text) == read()["components"]["examples"]["User"]["value"]


def test_nothing_from_elsewhere(browser: Chrome, meshydb_server: MeshyServer) -> None:
    """The browser asks for the page and the document, and for nothing else."""
    browser.get(f"{meshydb_server.url}/docs")
    WebDriverWait(browser, _PATIENCE_SECONDS).until(lambda page: page.find_elements(By.CLASS_NAME, "opblock"))
    script = "return performance.getEntries().filter(e => /navigation|resource/.test(e.entryType)).map(e => e.name)"
    asked = [url for url in browser.execute_script(script) if not url.startswith("data:")]
    assert asked == [f"{meshydb_server.url}/docs", f"{meshydb_server.url}/openapi.json"]


def test_policy_is_enforced(browser: Chrome, meshydb_server: MeshyServer) -> None:
    """A script that was not in the page when it was made does not run."""
    browser.get(f"{meshydb_server.url}/docs")
    browser.execute_script("""
        const script = document.createElement("script");
        script.textContent = "document.title = 'canary'";
        document.body.append(script);
    """)
    assert browser.title == "MeshyDB REST API"
    assert "Content Security Policy" in console_of(browser)[-1]


def test_document(meshydb_server: MeshyServer) -> None:
    """The document is the contract, but for its servers, which are the one that it is read from."""
    answer = httpx.get(f"{meshydb_server.url}/openapi.json")
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == ("application/json", "max-age=3600")
    served, contract = answer.json(), read()
    assert [server["url"] for server in served.pop("servers")] == ["/"]
    assert len(contract.pop("servers")) == 2
    for item in contract["paths"].values():
        for node in (item, *item.values()):
            if isinstance(node, dict):
                node.pop("servers", None)
    assert served == contract


def test_page(meshydb_server: MeshyServer) -> None:
    """The page may be kept, and comes with the policy of what is in it."""
    answer, page = httpx.get(f"{meshydb_server.url}/docs"), build_page("/openapi.json")
    assert answer.text == page.html
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "max-age=3600"
    assert answer.headers["Content-Security-Policy"] == page.policy
