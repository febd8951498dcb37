"""The sdist and the wheel, and what they install."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import Final

import pytest

from release.archives import build_sdist, build_wheel, differing, sdist_problems, unpack, wheel_problems
from release.environments import Environment
from release.suites import SUITES, run_suites
from release.versions import package_version
from tests.support.contract import ROOT

# What httpx and attrs bring.
_CLIENT: Final = {"anyio", "attrs", "certifi", "h11", "httpcore", "httpx", "idna", "sniffio", "typing-extensions"}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist."""
    return build_sdist(ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def source(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, unpacked."""
    return unpack(sdist, tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that an installer builds from the sdist."""
    return build_wheel(source, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def server(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel and the extra `server`."""
    return Environment(tmp_path_factory.mktemp("environment") / "server", wheel, "server")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="in an sdist there is no git to compare it with")
def test_sdist_is_what_is_committed(sdist: Path) -> None:
    """The sdist holds each file that git would commit, and no other."""
    assert not sdist_problems(sdist, ROOT)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="in an sdist there is no git to compare it with")
def test_sdist_with_a_cache_is_found(source: Path, tmp_path: Path) -> None:
    """A file that is not committed is found in an sdist, as is the lack of one that is."""
    folder = tmp_path / source.name
    shutil.copytree(source, folder)
    (folder / "openapi.yaml").rename(folder / "openapi.pyc")
    changed = tmp_path / f"{source.name}.tar.gz"
    with tarfile.open(changed, "w:gz") as archive:
        for path in sorted(folder.rglob("*")):
            archive.add(path, path.relative_to(tmp_path), recursive=False) if path.is_file() else None
    assert sdist_problems(changed, ROOT) == [
        f"{changed.name}: lacks openapi.yaml.",
        f"{changed.name}: holds openapi.pyc, which does not belong there.",
    ]


def test_wheel_is_the_packages(wheel: Path) -> None:
    """The wheel holds the packages, the contract where the server reads it, and the licence; no tests or caches."""
    assert not wheel_problems(wheel, ROOT)


@pytest.mark.parametrize("name", ["meshydb_server/openapi.yaml", "meshydb/py.typed", "meshydb_api/client.py"])
def test_wheel_that_lacks_a_file_is_found(wheel: Path, tmp_path: Path, name: str) -> None:
    """A wheel that lacks a file, has another content, or holds tests, is found."""
    changed = tmp_path / wheel.name
    with zipfile.ZipFile(wheel) as archive, zipfile.ZipFile(changed, "w") as copy:
        for each in archive.namelist():
            if each != name:
                copy.writestr(each, b"changed" if each == "meshydb/__init__.py" else archive.read(each))
        copy.writestr("tests/test_wheel.py", b"")
    assert wheel_problems(changed, ROOT) == [
        f"{wheel.name}: lacks {name}.",
        f"{wheel.name}: holds tests/test_wheel.py, which does not belong there.",
        f"{wheel.name}: meshydb/__init__.py differs from the checkout.",
    ]


def test_sdist_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """Installing the sdist is installing the wheel: from either, the same files come."""
    assert not differing(wheel, build_wheel(ROOT, tmp_path))


def test_client_alone(wheel: Path, tmp_path: Path) -> None:
    """Without extras, an empty environment gets the client, httpx and attrs, and the command works."""
    plain = Environment(tmp_path / "plain", wheel)
    assert plain.names <= _CLIENT
    version = plain.run("meshydb", "--version", folder=tmp_path)
    assert (version.returncode, version.stdout) == (0, f"meshydb {package_version(ROOT)}\n")
    imported = plain.run("python", "-c", "import meshydb, meshydb_api; print(meshydb.__file__)", folder=tmp_path)
    assert imported.stdout == f"{plain.site / 'meshydb' / '__init__.py'}\n"
    # It has no server, and says so.
    assert plain.run("meshydb-server", "--version", folder=tmp_path).returncode == 1


def test_server(server: Environment, tmp_path: Path) -> None:
    """With the extra `server`, an empty environment serves; SIGTERM ends it with code 0."""
    version = server.run("meshydb-server", "--version", folder=tmp_path)
    assert (version.returncode, version.stdout) == (0, f"meshydb-server, version {package_version(ROOT)}\n")
    assert server.ask_for_health(tmp_path) == (200, b'{"status":"ok"}', 0)


def test_suites_run_from_the_sdist(source: Path, wheel: Path, tmp_path: Path) -> None:
    """Tests of the sdist run on what the wheel installs: here one file, in `make dist` whole suites."""
    assert all((source / suite).is_dir() for suite in SUITES)
    environment = Environment(tmp_path / "suites", wheel, "server")
    probe = source / "tests" / "test_probe.py"
    probe.write_text(
        f"import meshydb, meshydb_server, tests\n"
        f"def test_what_is_tested():\n"
        f"    assert meshydb.__file__.startswith({str(environment.site)!r})\n"
        f"    assert meshydb_server.__file__.startswith({str(environment.site)!r})\n"
        f"    assert tests.__file__.startswith({str(source)!r})\n",
        encoding="utf-8",
    )
    assert (
        run_suites(
            source, environment, ("tests/test_probe.py", "tests/server/configuration/test_durations.py"), workers=0
        )
        == 0
    )
