"""The server's secret keys, and the file that holds them."""

from __future__ import annotations

import base64
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import InvalidToken

from meshydb_server.configuration.settings import Settings
from meshydb_server.key_file import KeyFileError, load_keyring
from meshydb_server.services.common.keys import Key, KeyFormatError, Keyring, authenticate
from tests.support.server import settings_in

_OLD = bytes(range(32))
_NEW = bytes(range(224, 256))


def _text(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).decode()


def _load(folder: Path, *, new: bool = True, **given: str) -> Keyring:
    """The keys of the SQLite database in a folder, which is new unless told otherwise."""
    return load_keyring(settings_in(folder, **given), folder / "meshydb.sqlite3", new=new)


def test_rotation() -> None:
    """The newest key signs and encrypts, and what an older key has encrypted can still be read."""
    before, during, after = Keyring([_OLD]), Keyring([_NEW, _OLD]), Keyring([_NEW])
    assert during.newest == Key.derive(_NEW)
    assert during.decrypt(before.encrypt("text")) == "text"
    assert after.decrypt(during.encrypt("text")) == "text"
    with pytest.raises(InvalidToken):
        after.decrypt(before.encrypt("text"))
    with pytest.raises(InvalidToken):
        before.decrypt(during.encrypt("text"))


def test_purposes() -> None:
    """Each purpose has its own derived key, which no repr shows."""
    key = Key.derive(_OLD)
    keys = {key.signing, key.codes, key.messages}
    assert len(keys | {_OLD}) == 4
    assert len(key.id) == 4
    assert not any(each.startswith(key.id) for each in keys)
    assert not any(repr(each) in repr(key) for each in keys)
    assert Key.derive(_NEW).id != key.id


def test_encryption_hides() -> None:
    """Ciphertexts hide their text, and no two are equal."""
    keyring = Keyring([_OLD])
    first, second = keyring.encrypt("ABCD2345"), keyring.encrypt("ABCD2345")
    assert b"ABCD2345" not in first
    assert first != second


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("a", ""), ("", "a")),
        (("a",), ("a", "")),
        ((), ("",)),
        ((1, 2), (12, "")),
        (("a", b"\x00\x00\x00\x01b"), ("a", "", b"\x01b")),
    ],
)
def test_fields_are_told_apart(one: tuple[str | bytes | int, ...], other: tuple[str | bytes | int, ...]) -> None:
    """Different lists of fields have different MACs, however they are split."""
    assert authenticate(_OLD, *one) == authenticate(_OLD, *one)
    assert authenticate(_OLD, *one) != authenticate(_OLD, *other)
    assert authenticate(_OLD, *one) != authenticate(_NEW, *one)


@pytest.mark.parametrize("separator", [",", ", ", "\n", "\r\n", " "])
def test_parse(separator: str) -> None:
    """Keys are read newest first, one a line or separated by commas, in either alphabet of base64."""
    standard = base64.b64encode(_OLD).decode()
    assert Keyring.parse(f"{_text(_NEW)}{separator}{standard}\n").newest == Key.derive(_NEW)


@pytest.mark.parametrize(
    "text",
    ["", " \n", ",", "short", _text(_OLD[1:]), _text(_OLD + b"x"), _text(_OLD)[:-1], f"{_text(_OLD)},*", "\xe9" * 44],
)
def test_badly_formed(text: str) -> None:
    """Malformed keys are rejected without being quoted."""
    with pytest.raises(KeyFormatError) as caught:
        Keyring.parse(text)
    assert str(caught.value) in {"There are no keys.", "A key must be 32 bytes in base64url."}


def test_key_file_is_made_once(tmp_path: Path) -> None:
    """At first use a key is made beside the database, for its owner alone; later uses read it."""
    first, second = _load(tmp_path), _load(tmp_path)
    (path,) = tmp_path.iterdir()
    assert path == tmp_path / "meshydb.sqlite3.keys"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first.newest == second.newest
    assert first.newest != _load(tmp_path, key_file=str(tmp_path / "other")).newest


def test_creators_agree(tmp_path: Path) -> None:
    """Processes that make the key file at the same time end up with the same key, and leave nothing else behind."""
    barrier = threading.Barrier(4)

    def load(folder: Path) -> bytes:
        barrier.wait()
        return _load(folder).newest.id

    with ThreadPoolExecutor(4) as pool:
        for number in range(50):
            folder = tmp_path / str(number)
            folder.mkdir()
            assert len(set(pool.map(load, [folder] * 4))) == 1
            assert [path.name for path in folder.iterdir()] == ["meshydb.sqlite3.keys"]


def test_settings_come_first(tmp_path: Path) -> None:
    """Keys from settings are used, and no file is created."""
    keyring = _load(tmp_path, secret_keys=f"{_text(_NEW)},{_text(_OLD)}")
    assert keyring.newest == Key.derive(_NEW)
    assert not list(tmp_path.iterdir())


def test_key_file_setting(tmp_path: Path) -> None:
    """A configured key file works with any database."""
    path = tmp_path / "keys"
    path.write_text(f"{_text(_NEW)}\n{_text(_OLD)}\n", encoding="ascii")
    for new in (True, False):
        assert load_keyring(Settings(key_file=path), None, new=new).newest == Key.derive(_NEW)


def test_missing_key_file(tmp_path: Path) -> None:
    """A missing key file of an existing database is a one-line error, unless keys are set."""
    path = tmp_path / "keys"
    with pytest.raises(KeyFileError) as caught:
        _load(tmp_path, new=False, key_file=str(path))
    assert f"missing at {path}." in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())
    given = _load(tmp_path, new=False, key_file=str(path), secret_keys=_text(_NEW))
    assert given.newest == Key.derive(_NEW)


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xfe", b"\x00" * 44])
def test_garbage_in_key_file(tmp_path: Path, content: bytes) -> None:
    """A key file without keys is never replaced; a one-line error names it."""
    path = tmp_path / "meshydb.sqlite3.keys"
    path.write_bytes(content)
    with pytest.raises(KeyFileError) as caught:
        _load(tmp_path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize("name", ["", "no/such/folder"])
def test_key_file_out_of_reach(tmp_path: Path, name: str) -> None:
    """A one-line error names a key file that can be neither read nor created."""
    with pytest.raises(KeyFileError, match="cannot be read or created") as caught:
        _load(tmp_path, key_file=str(tmp_path / name))
    assert "\n" not in str(caught.value)


def test_no_file_to_be_beside() -> None:
    """Without an SQLite file and without keys, the error names the settings that help."""
    with pytest.raises(KeyFileError, match="set MESHYDB_SECRET_KEYS or MESHYDB_KEY_FILE"):
        load_keyring(Settings(), None, new=True)


def test_badly_formed_setting() -> None:
    """An error about malformed keys names the setting and does not quote them."""
    with pytest.raises(KeyFileError, match=r"^MESHYDB_SECRET_KEYS: A key must be 32 bytes in base64url\.$"):
        load_keyring(Settings.model_validate({"secret_keys": "canary"}), None, new=True)
