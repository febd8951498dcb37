"""R1 and R2: the code is secret and random, and the handle is not derived from it."""

from __future__ import annotations

import ast
import re
import secrets
from pathlib import Path

import pytest

from meshydb_server.services.common.dependencies import Dependencies
from meshydb_server.storage.schema import recoveries
from tests.security.services import BY_TEXT, PASSWORD, Issued, ask, refusal, rows, services_on
from tests.support.contract import ROOT

pytestmark = pytest.mark.anyio

_SERVER = ROOT / "server" / "meshydb_server"
_BASE32 = "[A-Z2-7]{8}"


async def test_r01_the_hash_alone_resets_nothing(database_url: str) -> None:
    """A reset needs the code of its request: the handle or another request's code does not work."""
    async with services_on(database_url) as services:
        issued, other = await ask(services), await ask(services, tenant=BY_TEXT)
        assert re.fullmatch(_BASE32, other.code)
        for code in ("", issued.request.hash, issued.request.hash[:8], other.code):
            assert await refusal(services.completion.reset_password(issued.attempted(code), PASSWORD))
        await services.completion.reset_password(issued.attempted(), PASSWORD)


async def test_r01_the_hash_is_not_derived_from_the_code(database_url: str) -> None:
    """Requests that differ only in their codes have the same handle, so no code can be tested against it."""
    issued: list[Issued] = []
    macs: list[bytes] = []
    async with services_on(database_url):
        pass
    for filler in (b"\x00", b"\xff"):
        # Codes are drawn as five bytes, and nothing else is; the first 16 are the request's id.
        draws = {5: filler * 5, 16: b"a request's id.."}

        def random(count: int, draws: dict[int, bytes] = draws) -> bytes:
            return draws.pop(count, None) or secrets.token_bytes(count)

        async with services_on(database_url, new=False, random=random) as services:
            issued.append(await ask(services))
            macs.append((await rows(services, recoveries))[0]["code_mac"])
    assert [each.code for each in issued] == ["AAAAAAAA", "77777777"]
    assert issued[0].request == issued[1].request
    assert macs[0] != macs[1]


@pytest.mark.parametrize(
    ("setting", "form", "drawn", "code"),
    [
        ("base32", _BASE32, b"\x00\x44\x32\x14\xc7", "ABCDEFGH"),
        ("digits", "[0-9]{6}", (1234567).to_bytes(16), "234567"),
        ("digits", "[0-9]{6}", (42).to_bytes(16), "000042"),
    ],
    ids=["base32", "digits", "leading-zeros"],
)
async def test_r02_codes_have_the_form_that_is_set(
    database_url: str, setting: str, form: str, drawn: bytes, code: str
) -> None:
    """A code is 8 base32 characters, or 6 digits by setting, drawn from the injected random source."""

    def random(count: int) -> bytes:
        return drawn if count == len(drawn) else secrets.token_bytes(count)

    async with services_on(database_url, recovery_code=setting) as services:
        codes = [(await ask(services)).code for _ in range(10)]
    assert all(re.fullmatch(form, each) for each in codes)
    assert len(set(codes)) > 5
    async with services_on(
        database_url, new=False, random=random, recovery_code=setting, recovery_requests_per_user_per_hour="99"
    ) as services:
        assert (await ask(services)).code == code


def test_r02_chance_is_cryptographically_secure() -> None:
    """The default random source is the operating system's, and no service uses another."""
    assert Dependencies().randomness is secrets.token_bytes
    users = {path.relative_to(_SERVER).as_posix(): _imported(path) for path in _SERVER.rglob("*.py")}
    assert not [path for path, names in users.items() if names & {"random", "numpy"}]
    assert [path for path, names in users.items() if path.startswith("services/") and "secrets" in names] == [
        "services/common/dependencies.py"
    ]


def _imported(path: Path) -> set[str]:
    """The packages that a module imports."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    modules = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in [*names, *modules]}
