"""Builds the documentation into build/site, and fails on any warning."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import yaml

from meshydb_server.reference import build_page

_ROOT = Path(__file__).parents[1]
_SITE = _ROOT / "build" / "site"


def main() -> None:
    """Build the pages, and put the contract beside them with the page that shows it, as a server does."""
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    done = subprocess.run(command, cwd=_ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    document = yaml.safe_load((_ROOT / "openapi.yaml").read_text(encoding="utf-8"))
    (_SITE / "openapi.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    (_SITE / "swagger.html").write_text(build_page("openapi.json").html, encoding="utf-8")


if __name__ == "__main__":
    main()
