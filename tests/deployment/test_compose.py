"""The compose file."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from meshydb_server.process.stopping import DRAIN_SECONDS
from tests.deployment.files import DEPLOY, last_stage, settings_of
from tests.support.server import SECRET_KEYS

_GIVEN: Final = {"POSTGRES_PASSWORD": "s3cret", "MESHYDB_SECRET_KEYS": SECRET_KEYS}
_TEXT: Final = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
_FILE: Final[dict[str, Any]] = yaml.safe_load(re.sub(r"\$\{(\w+):\?[^}]*\}", lambda match: _GIVEN[match[1]], _TEXT))
_SERVICES: Final = _FILE["services"]


def test_settings() -> None:
    """The server gets settings that there are, with values that they take, and reaches the services that there are."""
    settings = settings_of(_SERVICES["server"]["environment"])
    database = urlsplit(settings.database_url)
    own = _SERVICES["database"]["environment"]
    assert database.scheme == "postgresql+psycopg"
    assert (database.username, database.password) == (own["POSTGRES_USER"], own["POSTGRES_PASSWORD"])
    assert (database.hostname, database.path) == ("database", f"/{own['POSTGRES_DB']}")
    assert settings.smtp_url is not None
    assert urlsplit(settings.smtp_url.get_secret_value()).hostname in _SERVICES
    assert settings.secret_keys is not None


def test_holds_no_secrets() -> None:
    """Keys and passwords come from outside, and compose stops without them."""
    assert set(re.findall(r"\$\{(\w+):\?", _TEXT)) == _GIVEN.keys()


def test_images_are_pinned() -> None:
    """Other services have images of exact versions; the server is built from the Containerfile."""
    server = _SERVICES["server"]
    assert (DEPLOY / server["build"]["context"] / server["build"]["dockerfile"]).samefile(DEPLOY / "Containerfile")
    images = [service["image"] for service in _SERVICES.values() if "image" in service]
    assert len(images) == len(_SERVICES) - 1
    for image in images:
        assert re.fullmatch(r"docker\.io/[\w/]+:v?\d+\.\d+(\.\d+)?(-\w+)?", image)


def test_parts_fit() -> None:
    """Ports are of this machine alone and those of the image; each service waited for, and each volume, is there."""
    server = _SERVICES["server"]
    assert server["ports"] == [f"127.0.0.1:8000:{last_stage()['EXPOSE']}"]
    published = [port for service in _SERVICES.values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert server["depends_on"].keys() <= _SERVICES.keys()
    assert "healthcheck" in _SERVICES["database"]
    assert [volume.partition(":")[0] for volume in _SERVICES["database"]["volumes"]] == list(_FILE["volumes"])
    assert int(server["stop_grace_period"].rstrip("s")) > DRAIN_SECONDS
    assert server["read_only"]
