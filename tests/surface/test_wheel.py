"""The wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement

from tests.support.contract import ROOT
from tests.support.server import ACCOUNT, LiveServer

# What httpx and attrs bring. A module of anything else is an undeclared dependency.
ALLOWED: Final = [
    "anyio",
    "attr",
    "attrs",
    "certifi",
    "h11",
    "httpcore",
    "httpx",
    "idna",
    "sniffio",
    "typing_extensions",
]

# Imports the client from the wheel in an interpreter that has nothing else but ALLOWED.
PROGRAM: Final = f"""
import sys
from pathlib import Path
wheel, *site = sys.argv[1:]
class Blocker:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in {[*ALLOWED, "meshydb", "meshydb_api"]!r}:
            raise ModuleNotFoundError(f"the client must not need {{name}}", name=name)
sys.meta_path.insert(0, Blocker())
sys.path[:] = [wheel, *site, *(path for path in sys.path if "site-packages" not in path and path)]
from meshydb import AsyncMeshyClient, MeshyClient
import meshydb
assert meshydb.__file__.startswith(wheel), meshydb.__file__
with MeshyClient("acme", "north", "key") as client:
    print(client)
from meshydb._cli.arguments import parse
print(parse(["forgot-password", "ada", "--account-name", "acme", "--public-key", "key"]).username)
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one wheel that the project builds, without isolation or network."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT], check=True)
    (built,) = folder.glob("*.whl")
    return built


def _metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def test_plain_install_is_small(wheel: Path) -> None:
    """Without extras, the package needs httpx and attrs, and nothing else."""
    requirements = [Requirement(text) for text in _metadata(wheel).get_all("Requires-Dist", [])]
    plain = {each.name for each in requirements if each.marker is None or each.marker.evaluate({"extra": ""})}
    assert plain == {"attrs", "httpx"}


def test_contents(wheel: Path) -> None:
    """The wheel holds the four packages, their typing markers, the migrations, the contract and its tests' settings."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tops = {name.partition("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"meshydb", "meshydb_api", "meshydb_contract", "meshydb_server"}
    assert {f"{package}/py.typed" for package in tops} <= names
    assert {"meshydb_server/openapi.yaml", "meshydb_contract/schemathesis.toml"} <= names
    migrations = ROOT / "server" / "meshydb_server" / "storage" / "migrations" / "versions"
    expected = {f"meshydb_server/storage/migrations/versions/{path.name}" for path in migrations.glob("*.py")}
    assert expected
    assert expected <= names


def test_commands(wheel: Path) -> None:
    """The wheel installs the commands of the client, the gate and the server."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/entry_points.txt"))
        lines = archive.read(name).decode().split("\n")
    assert [line for line in lines if line] == [
        "[console_scripts]",
        "meshydb = meshydb._cli:main",
        "meshydb-contract = meshydb_contract.__main__:main",
        "meshydb-server = meshydb_server.__main__:main",
    ]


@pytest.mark.parametrize("name", ["contract", "server"])
def test_commands_without_extras(wheel: Path, name: str) -> None:
    """Without extras, the other commands fail and say how to install what they need."""
    # Without site-packages, there is nothing but the standard library.
    command = [sys.executable, "-S", "-m", f"meshydb_{name}", "--help"]
    env = {**os.environ, "PYTHONPATH": str(wheel), "PYTHONHASHSEED": "0"}
    run = subprocess.run(command, cwd=wheel.parent, env=env, check=False, capture_output=True, encoding="utf-8")
    assert run.returncode == {"contract": 2, "server": 1}[name]
    assert run.stderr.startswith(f"meshydb-{name} needs ")
    assert f"which the extra {name} brings. From a checkout: pip install '.[{name}]'." in run.stderr


def test_gate_runs(wheel: Path, live_server: LiveServer, tmp_path: Path) -> None:
    """The wheel has what the gate needs: it tests a server from there, where there is no checkout."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    options = ["--account", ACCOUNT, "--operation", "checkUserExist", "--max-examples", "5"]
    command = [sys.executable, "-m", "meshydb_contract", "--url", live_server.url, *options]
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    run = subprocess.run(command, cwd=tmp_path, env=env, check=False, capture_output=True, encoding="utf-8")
    assert run.returncode == 0, run.stdout
    assert str(tmp_path / "meshydb_server" / "openapi.yaml") in run.stdout.replace("\n", "")


def test_client_needs_nothing_else(wheel: Path) -> None:
    """The client and its command are imported from the wheel where there is only httpx, attrs and what they need."""
    site = [path for path in sys.path if "site-packages" in path]
    run = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, wheel, *site], check=False, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == "MeshyClient('acme', 'north', base_url='https://api.meshydb.com')\nada\n"
