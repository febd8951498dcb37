"""Adds the results of scenarios and links to the reports of schemathesis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from meshydb_contract._results.findings import ScenarioResult

_TOP: Final = '<main class="container">'


def paths_in(folder: Path) -> dict[str, Path]:
    """Return the path of each kind of report."""
    return {"junit": folder / "junit.xml", "har": folder / "exchanges.har", "html": folder / "html"}


def finish_reports(folder: Path, suites: Mapping[str, Sequence[ScenarioResult]]) -> list[str]:
    """Add suites of results to the JUnit and HTML reports. Returns a problem for each report that was not written."""
    paths = paths_in(folder)
    page = paths["html"] / "index.html"
    written = {paths["junit"]: ">", paths["har"]: "}", page: ">"}
    problems = [f"The report {path} could not be written." for path, end in written.items() if not _ends(path, end)]
    suites = {name: results for name, results in suites.items() if results}
    if suites and not problems:
        try:
            sections = "\n".join(_section(name, results) for name, results in suites.items())
            for name, results in suites.items():
                _add_to_junit(paths["junit"], name, results)
            text = page.read_text(encoding="utf-8")
            page.write_text(text.replace(_TOP, f"{_TOP}\n{sections}", 1), encoding="utf-8")
        except (OSError, ET.ParseError) as error:
            problems.append(f"The reports in {folder} could not be written: {error}.")
    return problems


def _ends(path: Path, end: str) -> bool:
    """Return whether a report is complete."""
    try:
        return path.is_file() and path.read_text(encoding="utf-8", errors="replace").rstrip().endswith(end)
    except OSError:
        return False


def _add_to_junit(file: Path, suite_name: str, results: Sequence[ScenarioResult]) -> None:
    tree = ET.parse(file)  # noqa: S314 - this process wrote it
    suites = tree.getroot()
    failed, skipped = _counts(results)
    counts = {"errors": 0, "failures": failed, "skipped": skipped, "tests": len(results)}
    suite = ET.SubElement(
        suites, "testsuite", {"name": suite_name, **{name: str(each) for name, each in counts.items()}}
    )
    for name, each in counts.items():
        suites.set(name, str(int(suites.get(name, "0")) + each))
    for result in results:
        case = ET.SubElement(suite, "testcase", {"classname": suite_name, "name": result.scenario})
        if result.finding:
            message = f"{result.finding.operation}: {result.finding.message}"
            ET.SubElement(case, "failure", {"type": "failure", "message": message})
        elif result.skipped:
            ET.SubElement(case, "skipped", {"message": f"It {result.skipped}."})
    ET.indent(tree)
    tree.write(file, encoding="utf-8", xml_declaration=True)


def _section(suite: str, results: Sequence[ScenarioResult]) -> str:
    failed, skipped = _counts(results)
    summary = f"{len(results) - failed - skipped} passed, {failed} failed, {skipped} skipped"
    items = "".join(f"<li><code>{escape(name)}</code>: {escape(what)}</li>" for name, what in _items(results))
    style = "warnings" if failed else "target-block"
    head = f"<h2>{suite.title()}: {summary}</h2>"
    return f'<section class="{style}" id="{suite}"><div>{head}<ul>{items}</ul></div></section>'


def _items(results: Sequence[ScenarioResult]) -> Iterator[tuple[str, str]]:
    for result in results:
        if result.finding:
            yield result.scenario, f"failed. {result.finding.operation}: {result.finding.message}"
    for result in results:
        if result.skipped:
            yield result.scenario, f"skipped, because it {result.skipped}."


def _counts(results: Sequence[ScenarioResult]) -> tuple[int, int]:
    """Return how many failed, and how many were skipped."""
    return sum(result.finding is not None for result in results), sum(result.skipped is not None for result in results)
