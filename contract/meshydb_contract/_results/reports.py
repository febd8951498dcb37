"""Adds what became of the stories to the reports that schemathesis has written of all else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from meshydb_contract._results.findings import Told

_SUITE: Final = "scenarios"
_TOP: Final = '<main class="container">'


def paths_in(folder: Path) -> dict[str, Path]:
    """Where each kind of report is."""
    return {"junit": folder / "junit.xml", "har": folder / "exchanges.har", "html": folder / "html"}


def finish_reports(folder: Path, stories: Sequence[Told]) -> list[str]:
    """Add the stories to the report for programs and to the one for people; returns what could not be written."""
    paths = paths_in(folder)
    page = paths["html"] / "index.html"
    written = {paths["junit"]: ">", paths["har"]: "}", page: ">"}
    problems = [f"The report {path} could not be written." for path, end in written.items() if not _ends(path, end)]
    if stories and not problems:
        try:
            _add_to_junit(paths["junit"], stories)
            text = page.read_text(encoding="utf-8")
            page.write_text(text.replace(_TOP, f"{_TOP}\n{_section(stories)}", 1), encoding="utf-8")
        except (OSError, ET.ParseError) as error:
            problems.append(f"The reports in {folder} could not be written: {error}.")
    return problems


def _ends(path: Path, end: str) -> bool:
    """Whether a report is there to its end."""
    try:
        return path.is_file() and path.read_text(encoding="utf-8", errors="replace").rstrip().endswith(end)
    except OSError:
        return False


def _add_to_junit(file: Path, stories: Sequence[Told]) -> None:
    tree = ET.parse(file)  # noqa: S314 - this process wrote it
    suites = tree.getroot()
    failed, untold = _counts(stories)
    counts = {"errors": 0, "failures": failed, "skipped": untold, "tests": len(stories)}
    suite = ET.SubElement(suites, "testsuite", {"name": _SUITE, **{name: str(each) for name, each in counts.items()}})
    for name, each in counts.items():
        suites.set(name, str(int(suites.get(name, "0")) + each))
    for told in stories:
        case = ET.SubElement(suite, "testcase", {"classname": _SUITE, "name": told.scenario})
        if told.finding:
            message = f"{told.finding.operation}: {told.finding.message}"
            ET.SubElement(case, "failure", {"type": "failure", "message": message})
        elif told.untold:
            ET.SubElement(case, "skipped", {"message": f"It {told.untold}."})
    ET.indent(tree)
    tree.write(file, encoding="utf-8", xml_declaration=True)


def _section(stories: Sequence[Told]) -> str:
    failed, untold = _counts(stories)
    summary = f"{len(stories) - failed - untold} passed, {failed} failed, {untold} not told"
    items = "".join(f"<li><code>{escape(name)}</code>: {escape(what)}</li>" for name, what in _to_tell(stories))
    style = "warnings" if failed else "target-block"
    return f'<section class="{style}" id="{_SUITE}"><div><h2>Scenarios: {summary}</h2><ul>{items}</ul></div></section>'


def _to_tell(stories: Sequence[Told]) -> Iterator[tuple[str, str]]:
    for told in stories:
        if told.finding:
            yield told.scenario, f"failed. {told.finding.operation}: {told.finding.message}"
    for told in stories:
        if told.untold:
            yield told.scenario, f"not told, because it {told.untold}."


def _counts(stories: Sequence[Told]) -> tuple[int, int]:
    """How many failed, and how many could not be told."""
    return sum(told.finding is not None for told in stories), sum(told.untold is not None for told in stories)
