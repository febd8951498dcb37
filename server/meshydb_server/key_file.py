"""Where the server's secret keys come from."""

from __future__ import annotations

import base64
import secrets
import time
from pathlib import Path
from typing import Final

from meshydb_server.private_files import make_private
from meshydb_server.services.keys import KEY_BYTES, KeyFormatError, Keyring
from meshydb_server.settings import Settings

# Where there are no hard links, a file that another process makes is empty for a moment.
_EMPTY_SECONDS: Final = 2.0
_PAUSE_SECONDS: Final = 0.01


class KeyFileError(Exception):
    """There are no keys to be had. The message is one line and says what to set."""


def load_keyring(settings: Settings, database_file: Path | None, *, new: bool) -> Keyring:
    """Take the keys of the settings, else those of the key file, which a database in a file has beside it.

    The file is made for a new database alone. To any other, a new key would be the loss of what rests on its keys.
    """
    if settings.secret_keys is not None:
        return _parse(settings.secret_keys.get_secret_value(), "MESHYDB_SECRET_KEYS")
    path = settings.key_file or _beside(database_file)
    try:
        if not path.exists():
            if not new:
                raise KeyFileError(
                    f"The keys of this database are missing at {path}. Put them back, or put a new key there, to which "
                    "all access tokens, codes and waiting messages are lost."
                )
            make_private(path, base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
        return _parse(_read(path), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
        raise KeyFileError(f"The key file {path} cannot be read or made: {reason}") from error


def _read(path: Path) -> str:
    end = time.monotonic() + _EMPTY_SECONDS
    while not (text := path.read_text(encoding="ascii")) and time.monotonic() < end:
        time.sleep(_PAUSE_SECONDS)
    return text


def _parse(text: str, source: str) -> Keyring:
    try:
        return Keyring.parse(text)
    except KeyFormatError as error:
        raise KeyFileError(f"{source}: {error}") from error


def _beside(database_file: Path | None) -> Path:
    if database_file is None:
        raise KeyFileError(
            "Only an SQLite file has a key file of its own: set MESHYDB_SECRET_KEYS or MESHYDB_KEY_FILE."
        )
    return Path(f"{database_file}.keys")
