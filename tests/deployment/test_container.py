"""The Containerfile, as far as that needs no engine. The workflow `container` builds and runs the image."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from meshydb_server.serve import listen, url_of
from tests.deployment.files import image_environment, instructions, last_stage, served, settings_of, words
from tests.support.commands import Served, unmeasured
from tests.support.contract import ROOT

_PORT: Final = 8000


def _copied() -> list[str]:
    """What the build copies from the checkout."""
    copies = [rest.split() for name, rest in instructions() if name == "COPY"]
    return [source for each in copies if not each[0].startswith("--from") for source in each[:-1]]


def _health(url: str) -> int:
    """The exit code of the image's health check, asking a server elsewhere."""
    flags, _, command = last_stage()["HEALTHCHECK"].partition("CMD ")
    assert "--start-period" in flags
    program, *arguments = words(command)
    assert program == "python"
    port = urlsplit(url).port
    asking = [each.replace(f"'127.0.0.1', {_PORT}", f"'127.0.0.1', {port}") for each in arguments]
    assert asking != arguments
    # A proxy in the environment is not asked.
    env = unmeasured({"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"})
    return subprocess.run([sys.executable, *asking], check=False, capture_output=True, env=env).returncode


def test_is_not_root() -> None:
    """The image runs as a user with a number, so that Kubernetes can see that it is not root."""
    uid, gid = last_stage()["USER"].split(":")
    assert int(uid) > 0
    assert int(gid) > 0
    assert f"--uid {uid} " in last_stage()["RUN"]


def test_base_is_pinned() -> None:
    """Both stages have one base, of an exact version."""
    (base,) = (rest for name, rest in instructions() if name == "ARG")
    assert re.fullmatch(r"BASE=docker\.io/library/python:\d+\.\d+\.\d+-slim-\w+", base)
    assert [rest.split()[0] for name, rest in instructions() if name == "FROM"] == ["${BASE}", "${BASE}"]


def test_copies_what_there_is() -> None:
    """What the build copies exists, and .dockerignore lets it through. The sdist has it, as it has all files."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    for source in _copied():
        assert (ROOT / source).exists()
        assert f"!/{source}" in ignored


def test_copies_what_the_wheel_is_built_from() -> None:
    """The build has all that pyproject.toml names: packages, files that are put into the wheel, readme and licence."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    wanted = {
        *wheel["force-include"],
        "pyproject.toml",
        project["project"]["readme"],
        *project["project"]["license-files"],
    }
    wanted |= {package.partition("/")[0] for package in wheel["packages"]}
    assert wanted <= set(_copied())


def test_leaves_no_build_tools() -> None:
    """The image gets only the environment of the server from the build, which has no pip, and loses its own."""
    start = max(index for index, (name, _) in enumerate(instructions()) if name == "FROM")
    own = instructions()[start:]
    assert [rest for name, rest in own if name == "COPY"] == ["--from=build /opt/meshydb /opt/meshydb"]
    assert "pip uninstall" in last_stage()["RUN"]
    (build,) = (rest for name, rest in instructions()[:start] if "-m venv" in rest)
    assert "-m venv --without-pip /opt/meshydb" in build
    assert build.count("install --require-hashes") == 2


def test_locks_agree() -> None:
    """The lock of the image has the same versions as the lock of the suites."""
    server = _pinned("server")
    assert len(server) > 40
    assert server.items() <= _pinned("dev").items()


@pytest.mark.parametrize(
    ("lock", "extras", "groups"),
    [
        ("server", {"server", "postgres", "redis"}, set[str]()),
        ("dev", {"contract", "fast", "server", "postgres", "redis"}, {"dev"}),
        ("docs", set[str](), {"docs"}),
        ("build", set[str](), {"build"}),
    ],
)
def test_locks_hold_what_is_declared(lock: str, extras: set[str], groups: set[str]) -> None:
    """Each lock has an allowed version of every package that pyproject.toml declares for it."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = document["project"]
    lists = [project["optional-dependencies"][each] for each in extras]
    lists += [document["dependency-groups"][each] for each in groups]
    # Whoever builds the package or its documentation does not install it.
    lists += [project["dependencies"]] if extras else []
    declared = [Requirement(each) for each in chain.from_iterable(lists)]
    pinned = _pinned(lock)
    assert declared
    for each in declared:
        assert pinned.get(canonicalize_name(each.name), "0") in each.specifier, f"The lock lacks {each}."


def _pinned(lock: str) -> Mapping[str, str]:
    """The version of each package in a lock."""
    text = (ROOT / f"requirements-{lock}.lock").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==(\S+)", text, re.MULTILINE))


def test_starts_what_there_is(tmp_path: Path) -> None:
    """The image's command serves; the health check passes; SIGTERM ends it with code 0."""
    image = last_stage()
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    (program,) = words(image["ENTRYPOINT"])
    assert scripts[program] == "meshydb_server.__main__:main"
    options = served(words(image["CMD"])).params
    assert (options["host"], options["port"]) == ("0.0.0.0", _PORT)  # noqa: S104 - of the container
    assert (image["EXPOSE"], image["STOPSIGNAL"]) == (str(_PORT), "SIGTERM")
    with Served(tmp_path, "--host", options["host"], "--workers", str(options["workers"])) as server:
        assert _health(server.url) == 0
        code, _ = server.stop()
    assert code == 0


def test_health_check_finds_lost_storage(tmp_path: Path) -> None:
    """The health check fails for a server that cannot write."""
    with Served(tmp_path) as server:
        (tmp_path / "meshydb.sqlite3").unlink()
        assert _health(server.url) == 1


def test_health_check_finds_that_nothing_listens() -> None:
    """The health check fails if nothing listens."""
    sock = listen("127.0.0.1", 0)
    url = url_of(sock)
    sock.close()
    assert _health(url) == 1


def test_data_is_in_the_volume() -> None:
    """What the server keeps is in the volume, which is its own folder."""
    image = last_stage()
    assert image["VOLUME"] == image["WORKDIR"]
    database = settings_of(image_environment()).database_url
    assert database == f"sqlite+aiosqlite:///{image['VOLUME']}/meshydb.sqlite3"
    assert f"--mode 0700 {image['VOLUME']}" in image["RUN"]
