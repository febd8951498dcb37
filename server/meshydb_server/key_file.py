"""Loads the server's secret keys from the settings or from the key file."""

from __future__ import annotations

import base64
import secrets
import time
from pathlib import Path
from typing import Final

from meshydb_server.configuration.settings import Settings
from meshydb_server.private_files import make_private
from meshydb_server.services.common.keys import KEY_BYTES, KeyFormatError, Keyring

# Without hard links, the file is empty for a moment while another process creates it.
_EMPTY_SECONDS: Final = 2.0
_PAUSE_SECONDS: Final = 0.01


class KeyFileError(Exception):
    """No usable keys were found. The message is one line and says what to set."""


def load_keyring(settings: Settings, database_file: Path | None, *, new: bool) -> Keyring:
    """Load the keys from the settings, or from the key file. By default, it is beside an SQLite database.

    The file is created for a new database only. A new key would make all data invalid that depends on the old one.
    """
    if settings.secret_keys is not None:
        return _parse(settings.secret_keys.get_secret_value(), "MESHYDB_SECRET_KEYS")
    path = place_of_keys(settings, database_file)
    if path is None:
        raise KeyFileError("This database has no key file beside it: set MESHYDB_SECRET_KEYS or MESHYDB_KEY_FILE.")
    try:
        if not path.exists():
            if not new:
                raise KeyFileError(
                    f"The keys of this database are missing at {path}. Restore them, or put a new key there: it makes "
                    "all access tokens, codes and waiting messages invalid."
                )
            make_private(path, base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
        return _parse(_read(path), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
        raise KeyFileError(f"The key file {path} cannot be read or created: {reason}") from error


def place_of_keys(settings: Settings, database_file: Path | None) -> Path | None:
    """The key file; None if the settings hold the keys, or there is neither."""
    if settings.secret_keys is not None:
        return None
    if settings.key_file is not None:
        return settings.key_file
    return None if database_file is None else Path(f"{database_file}.keys")


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
