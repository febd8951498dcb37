"""Builds the documentation into build/site, and fails on any warning."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, TypeAlias

import tomlkit
import yaml

from meshydb_server.reference import build_page
from rest_reference.document import own_server_first
from rest_reference.pages import Page, overview, pages

_ROOT: Final = Path(__file__).parents[1]
_REFERENCE: Final = Path("reference/api")
# An entry of the navigation: a page, the pages of a section, or one of them under a title.
_Entry: TypeAlias = "str | list[_Entry] | dict[str, _Entry]"


def main() -> None:
    """Build the site from the written pages, the pages of openapi.yaml, and the interactive reference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=_ROOT / "build", help="where the folder `site` is written")
    build: Path = parser.parse_args().into.resolve()
    document = yaml.safe_load((_ROOT / "openapi.yaml").read_text(encoding="utf-8"))
    reference = pages(document)
    _write_pages(build / "docs", reference, overview(document))
    configuration = build / "zensical.toml"
    configuration.write_text(_configuration(reference), encoding="utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict", "--config-file", str(configuration)]
    done = subprocess.run(command, cwd=_ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    served = json.dumps(own_server_first(document), ensure_ascii=False)
    (build / "site" / "openapi.json").write_text(served, encoding="utf-8")
    (build / "site" / "swagger.html").write_text(build_page("openapi.json").html, encoding="utf-8")


def _write_pages(folder: Path, reference: list[Page], operations: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(_ROOT / "docs", folder)
    for page in reference:
        (folder / _REFERENCE / page.file).write_text(page.text, encoding="utf-8")
    with (folder / _REFERENCE / "index.md").open("a", encoding="utf-8") as index:
        index.write(f"\n{operations}\n")


def _configuration(reference: list[Page]) -> str:
    """zensical.toml with the reference pages in its navigation, and with absolute paths."""
    configuration: Any = tomlkit.parse((_ROOT / "zensical.toml").read_text(encoding="utf-8")).unwrap()
    project = configuration["project"]
    index = (_REFERENCE / "index.md").as_posix()
    project["nav"] = [_with_pages(entry, index, reference) for entry in project["nav"]]
    project["markdown_extensions"]["pymdownx"]["snippets"]["base_path"] = [str(_ROOT)]
    python = project["plugins"]["mkdocstrings"]["handlers"]["python"]
    python["paths"] = [str(_ROOT / path) for path in python["paths"]]
    project["docs_dir"], project["site_dir"] = "docs", "site"
    return tomlkit.dumps(configuration)


def _with_pages(entry: _Entry, index: str, reference: list[Page]) -> _Entry:
    if isinstance(entry, dict):
        return {title: _with_pages(target, index, reference) for title, target in entry.items()}
    if isinstance(entry, list):
        return [_with_pages(each, index, reference) for each in entry]
    if entry == index:
        below: list[_Entry] = [{page.title: (_REFERENCE / page.file).as_posix()} for page in reference]
        return [index, *below]
    return entry


if __name__ == "__main__":
    main()
