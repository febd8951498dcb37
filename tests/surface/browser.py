"""The browser of this machine: Chromium or Chrome with its driver, where there are both."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from selenium import webdriver

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
_OPTIONS: Final = (
    "--headless=new",
    "--disable-gpu",
    "--no-first-run",
    # It would look for its maker's hosts.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1600",
)


@contextmanager
def browsing(profile: Path) -> Generator[webdriver.Chrome]:
    """A new, empty browser, until the block ends. Skips the test where there is none."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    driver = shutil.which("chromedriver")
    if found is None or driver is None:
        pytest.skip(f"There is no browser: neither {', '.join(_NAMES)} with chromedriver is on the path.")
    options: Any = webdriver.ChromeOptions()
    options.binary_location = found
    for option in (*_OPTIONS, f"--user-data-dir={profile}"):
        options.add_argument(option)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # As root, as in containers, Chromium does not start with it.
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    try:
        yield browser
    finally:
        browser.quit()


def show_as(browser: webdriver.Chrome, *, width: int, dark: bool = False, height: int = 1600) -> None:
    """Give the page a width, which windows have a minimum of, and the colours that the system prefers."""
    commands: Any = browser
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    commands.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    preferred = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    commands.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [preferred]})


def overflow_of(browser: Any) -> list[str]:
    """The elements for which the open page scrolls sideways, none of whose parents scroll instead."""
    script = """
        const root = document.documentElement;
        if (root.scrollWidth <= root.clientWidth) return [];
        const wide = [...document.querySelectorAll("body *")].filter(
            (each) => each.getBoundingClientRect().right > root.clientWidth + 1);
        return ["the page", ...wide.map((each) => each.outerHTML.slice(0, 120))];
    """
    found: list[str] = browser.execute_script(script)
    return found


def background_of(browser: Any) -> int:
    """The brightness of the page's background, from 0 to 255."""
    script = """
        const colours = [document.body, document.documentElement].map((each) => getComputedStyle(each).backgroundColor);
        return colours.find((each) => !each.endsWith(", 0)")) || "rgb(255, 255, 255)";
    """
    red, green, blue = (float(part) for part in re.findall(r"[0-9.]+", browser.execute_script(script))[:3])
    return round((red + green + blue) / 3)


def console_of(browser: Any) -> list[str]:
    """The new messages in the console of the open page."""
    return [entry["message"] for entry in browser.get_log("browser")]
