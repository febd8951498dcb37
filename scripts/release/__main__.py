"""Builds sdist and wheel into dist/, and fails if what they hold, or what they install, is not what is released."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from release.archives import build_sdist, build_wheel, differing, sdist_problems, unpack, wheel_problems
from release.environments import Environment
from release.suites import SUITES, run_suites, uncollected
from release.versions import package_version, version_problems

_ROOT: Final = Path(__file__).parents[2]
# Most of it is code of the server and the gate, which is in each wheel.
_PLAIN_MEGABYTES: Final = 12


def main() -> None:
    """Check the versions, build, compare, install, serve, and run suites."""
    parser = argparse.ArgumentParser(description=__doc__, prog="make dist")
    parser.add_argument("--tag", default="", help="the tag of the release, such as v1.4.0")
    tag: str = parser.parse_args().tag
    _stop_for(version_problems(_ROOT, tag))
    into = _ROOT / "dist"
    shutil.rmtree(into, ignore_errors=True)
    sdist = build_sdist(_ROOT, into)
    _stop_for(sdist_problems(sdist, _ROOT))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = unpack(sdist, folder / "source")
        # From the sdist, so that it is known to hold all that a build needs.
        wheel = build_wheel(source, into)
        _stop_for(wheel_problems(wheel, _ROOT))
        again = build_wheel(_ROOT, folder / "again")
        _stop_for([f"{each} differs between the sdist and the checkout." for each in differing(wheel, again)])
        _say(f"Built {sdist.name} and {wheel.name}.")
        _install(wheel, folder)
        suites = Environment(folder / "suites", wheel, "server", "postgres", "redis", "fast", "contract")
        if problem := uncollected(source, suites):
            sys.exit(f"There are tests that cannot run from the sdist:\n{problem}")
        _say(f"Running from the sdist: {', '.join(SUITES)}.")
        if run_suites(source, suites):
            sys.exit("The suites fail from the sdist.")
    _say(f"dist/ holds version {package_version(_ROOT)}.")


def _install(wheel: Path, folder: Path) -> None:
    version = package_version(_ROOT)
    plain = Environment(folder / "plain", wheel)
    command = plain.run("meshydb", "--version", folder=folder)
    if command.stdout != f"meshydb {version}\n":
        sys.exit(f"The client does not start where there is nothing else:\n{command.stdout}{command.stderr}")
    if plain.megabytes > _PLAIN_MEGABYTES:
        sys.exit(f"The client takes {plain.megabytes:.1f} MB, which is more than {_PLAIN_MEGABYTES} MB.")
    _say(f"Without extras: {plain.megabytes:.1f} MB with {', '.join(sorted(plain.names))}.")
    server = Environment(folder / "server", wheel, "server")
    command = server.run("meshydb-server", "--version", folder=folder)
    if command.stdout != f"meshydb-server, version {version}\n":
        sys.exit(f"The server does not start where there is nothing else:\n{command.stdout}{command.stderr}")
    status, body, code = server.ask_for_health(folder)
    if (status, code) != (200, 0):
        sys.exit(f"The installed server answers {status} {body!r} to GET /healthz, and ends with code {code}.")
    _say(f"With [server]: {server.megabytes:.0f} MB with {len(server.names)} packages; it serves /healthz.")


def _stop_for(problems: list[str]) -> None:
    if problems:
        sys.exit("\n".join(problems))


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
