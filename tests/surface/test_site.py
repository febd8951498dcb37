"""The documentation site, as people see it: in a browser."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Generator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.support.contract import ROOT, placed_operations, read
from tests.surface.browser import background_of, browsing, console_of, overflow_of, show_as

_PATIENCE_SECONDS: Final = 30
_REFERENCE: Final = "reference/api/"
_ADDRESSES: Final = (
    "return performance.getEntries().filter(e => /navigation|resource/.test(e.entryType)).map(e => e.name)"
)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it."""
    if find_spec("zensical") is None:
        pytest.skip("What builds the documentation is not installed: make docs installs it.")
    build = tmp_path_factory.mktemp("build")
    command = [sys.executable, str(ROOT / "scripts" / "docs.py"), "--into", str(build)]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return build / "site"


@pytest.fixture(scope="module")
def site(folder: Path) -> Generator[str]:
    """The URL at which the site is served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Generator[Chrome]:
    """A browser with nothing open."""
    with browsing(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def _pages(folder: Path) -> list[str]:
    return sorted(
        path.parent.relative_to(folder).as_posix().removeprefix(".") + "/" for path in folder.glob("**/index.html")
    )


def _open(browser: Chrome, site: str, page: str) -> None:
    # Another page first: if only the fragment differed, nothing would be loaded.
    browser.get("about:blank")
    browser.get(site + page.lstrip("/"))


@pytest.mark.parametrize("width", [390, 1280])
def test_any_screen(browser: Chrome, folder: Path, site: str, width: int) -> None:
    """No page scrolls sideways, whether the screen is narrow or wide."""
    show_as(browser, width=width)
    pages = _pages(folder)
    assert len(pages) > 15
    for page in pages:
        _open(browser, site, page)
        assert overflow_of(browser) == [], page


@pytest.mark.parametrize("width", [390, 1280])
def test_colours(browser: Chrome, site: str, width: int) -> None:
    """A page has the colours that the system prefers, until its reader chooses others, which it keeps."""
    for dark in (False, True):
        show_as(browser, width=width, dark=dark)
        _open(browser, site, f"{_REFERENCE}users/")
        browser.execute_script("localStorage.clear()")
        _open(browser, site, f"{_REFERENCE}users/")
        assert (background_of(browser) < 128) == dark
    # From the system's to light ones, and from these to dark ones.
    show_as(browser, width=width, dark=False)
    _open(browser, site, "")
    for expected in (False, True):
        browser.find_element(By.CSS_SELECTOR, "[data-md-component=palette] label:not([hidden])").click()
        assert (background_of(browser) < 128) == expected
    _open(browser, site, "tutorial/")
    assert background_of(browser) < 128
    browser.execute_script("localStorage.clear()")


def test_operations(browser: Chrome, folder: Path, site: str) -> None:
    """Each operation stands on the page of its tag, under its id, with its call, parameters and responses."""
    document = read()
    for operation in placed_operations(document):
        page = f"{_REFERENCE}{operation.node['tags'][0].lower().replace(' ', '-')}/"
        if f"{site}{page}" not in browser.current_url:
            _open(browser, site, page)
        assert browser.find_element(By.ID, operation.id).tag_name == "h2"
        text = browser.execute_script(_SECTION, operation.id)
        assert f"{operation.method.upper()} {operation.path}" in text
        for parameter in operation.parameters:
            assert parameter["name"] in text
        for status in operation.node["responses"]:
            assert status in text
        assert "curl" in text
        assert "http://127.0.0.1:8000" in text
    assert "None" not in (folder / _REFERENCE / "users" / "index.html").read_text(encoding="utf-8")


_SECTION: Final = """
    let text = "";
    for (let each = document.getElementById(arguments[0]).nextElementSibling; each && each.tagName !== "H2";
         each = each.nextElementSibling) text += each.innerText + "\\n";
    return text.replace(/\\u00a0/g, " ");
"""


def test_links_hold(browser: Chrome, folder: Path, site: str) -> None:
    """Each link of the reference to a place of the site leads there."""
    targets: dict[str, set[str]] = {}
    for page in [page for page in _pages(folder) if page.startswith(_REFERENCE)]:
        _open(browser, site, page)
        links = browser.execute_script("return [...document.querySelectorAll('article a[href]')].map(a => a.href)")
        for link in links:
            address, _, fragment = link.removeprefix(site).partition("#")
            targets.setdefault(address, set()).update({fragment} - {""})
    for address, fragments in targets.items():
        path = folder / address
        file = path / "index.html" if path.is_dir() else path
        assert file.is_file(), address
        text = file.read_text(encoding="utf-8")
        missing = {each for each in fragments if f'id="{each}"' not in text and f"id={each}" not in text}
        assert not missing, address


def test_names_stay_whole(browser: Chrome, site: str) -> None:
    """The name of each setting and of each method of the client is on one line, where the screen has room for it."""
    show_as(browser, width=1280)
    for page in ("how-to/settings/", "reference/sdks/"):
        _open(browser, site, page)
        lines = browser.execute_script(_LINES)
        assert len(lines) > 20, page
        assert {name: count for name, count in lines.items() if count > 1} == {}


_LINES: Final = """
    const names = [...document.querySelectorAll("td code")].filter((each) => /^[A-Za-z_.]+$/.test(each.innerText));
    return Object.fromEntries(names.map((each) => [each.innerText, each.getClientRects().length]));
"""


def test_copied_commands(browser: Chrome, site: str) -> None:
    """The copy button copies commands without prompts and output."""
    _open(browser, site, "tutorial/")
    copied = browser.execute_script(_COPIED)
    assert copied[1].strip() == "meshydb-server account create acme --tenant north"


# The theme's button marks a block while it reads it.
_COPIED: Final = """
    return [...document.querySelectorAll("pre > code")].map((block) => {
      block.setAttribute("data-md-copying", "");
      return block.innerText;
    });
"""


def test_search(browser: Chrome, site: str) -> None:
    """The search finds an operation by its id, and leads to it."""
    show_as(browser, width=1280)
    _open(browser, site, "")
    wait: Any = WebDriverWait(browser, _PATIENCE_SECONDS)
    browser.find_element(By.CLASS_NAME, "md-search__button").click()
    # The search stands in a tree of its own.
    host = wait.until(lambda page: page.execute_script(_SHADOWED))
    host.shadow_root.find_element(By.CSS_SELECTOR, "input").send_keys("resetPassword")
    expected = f"{site}{_REFERENCE}recovery/"

    def found(_: Any) -> bool:
        links = host.shadow_root.find_elements(By.CSS_SELECTOR, "a")
        addresses = [str(link.get_attribute("href")) for link in links]
        return any(each.startswith(expected) and each.endswith("#resetPassword") for each in addresses)

    wait.until(found)


_SHADOWED: Final = "return [...document.querySelectorAll('*')].find((each) => each.shadowRoot?.querySelector('input'))"


def test_nothing_from_elsewhere(browser: Chrome, folder: Path, site: str) -> None:
    """The browser asks the site and nobody else, and nothing is amiss in the console."""
    console_of(browser)
    for page in (*_pages(folder), "swagger.html"):
        _open(browser, site, page)
        asked = [url for url in browser.execute_script(_ADDRESSES) if not url.startswith(("data:", "blob:"))]
        assert [url for url in asked if not url.startswith(site)] == [], page
    assert [line for line in console_of(browser) if "favicon" not in line] == []


def test_own_server_is_the_default(browser: Chrome, site: str) -> None:
    """The page that sends requests begins with the server of one's own."""
    _open(browser, site, "swagger.html")
    wait: Any = WebDriverWait(browser, _PATIENCE_SECONDS)
    chosen = wait.until(lambda page: page.find_element(By.CSS_SELECTOR, "#servers"))
    assert chosen.get_attribute("value") == "{origin}"
