"""Metrics of `meshydb-server serve`, scraped as Prometheus does."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from meshydb_server.contract import Contract
from tests.support.commands import CHEAP, Served, run, run_json
from tests.support.mail.smtp import Sink, receiving
from tests.support.metrics import Samples, scrape, scrape_until
from tests.support.server import EMAIL, OTHER_USERNAME, SECRET_KEYS, USERNAME, seed, settings_in

_ON: Final = ("--metrics-port", "0")
# Stands for what only a caller knows: no part of it may become a label.
_CANARY: Final = "canary7f3a"
_CLIENT: Final = "203.0.113.77"


def _forgot(server: Served, username: str = USERNAME, tenant: str = "north", account: str = "acme") -> httpx.Response:
    body = {"username": username, "attempt": 1}
    headers = {"tenant": tenant, "X-Forwarded-For": _CLIENT}
    return httpx.post(f"{server.url}/{account}/users/forgotpassword", json=body, headers=headers)


def _log_in(server: Served, public_key: str, username: str = USERNAME) -> httpx.Response:
    form = {"client_id": public_key, "grant_type": "password", "username": username, "password": _CANARY}
    return httpx.post(f"{server.url}/acme/connect/token", data=form, headers={"X-Forwarded-For": _CLIENT})


def _check(server: Served, request: Any) -> httpx.Response:
    body = {**request, "verificationCode": "wrongcode"}
    return httpx.post(f"{server.url}/acme/users/checkhash", json=body, headers={"tenant": "north"})


def test_requests(tmp_path: Path, database_url: str) -> None:
    """Requests are counted by operation and status, and the pools of each database are shown."""
    seed(settings_in(tmp_path, database_url=database_url))
    with Served(tmp_path, *_ON, database_url=database_url, secret_keys=SECRET_KEYS) as server:
        before = scrape(server.metrics_url)
        for _ in range(3):
            assert _forgot(server).status_code == 200
        assert _forgot(server, "nobody").status_code == 404
        for name in ("nowhere", f"nowhere/{_CANARY}"):
            assert httpx.get(f"{server.url}/{name}").status_code == 404
        for method in ("PUT", _CANARY.upper()):
            assert httpx.request(method, f"{server.url}/acme/users/forgotpassword").status_code == 405
        after = scrape(server.metrics_url)
        assert httpx.get(f"{server.metrics_url}/nowhere").status_code == 404
        assert server.stop()[0] == 0
    counted = {labels[1:]: value for labels, value in after.items() if labels[0] == "request_duration_seconds_count"}
    assert counted == {
        ("forgotPassword", "200"): 3,
        ("forgotPassword", "404"): 1,
        ("none", "404"): 2,
        ("none", "405"): 2,
    }
    assert after["request_duration_seconds_sum", "forgotPassword", "200"] > 0
    assert after["request_duration_seconds_bucket", "+Inf", "forgotPassword", "200"] == 3
    assert not any(labels[0].startswith("request_duration") for labels in before)
    sizes = {labels[1]: value for labels, value in before.items() if labels[0] == "database_connections"}
    postgresql = {"write": 8, "look-up": 4, "change": 4, "read": 4, "search": 2, "long": 4}
    assert sizes == ({"write": 1, "read": 4, "scan": 2} if database_url.startswith("sqlite") else postgresql)
    assert {labels[1] for labels in before if labels[0] == "database_connections_in_use"} == sizes.keys()
    assert (before["hashing_waiting",], before["writes_waiting",]) == (0, 0)


def test_limits(tmp_path: Path) -> None:
    """Each limit that is hit is counted by its name, whether it rejects a request or suppresses a message."""
    seed(settings_in(tmp_path))
    (north, *_) = run_json(tmp_path, "tenant", "list", "acme")
    settings = {
        "login_guesses": "1",
        "rate_limit": "10/hour",
        "recovery_guesses_per_request": "1",
        "recovery_requests_per_user_per_hour": "1",
        "unproved_messages_per_recipient_per_hour": "1",
    }
    with Served(tmp_path, *_ON, program=CHEAP, **settings) as server:
        issued = _forgot(server).json()
        assert _forgot(server).status_code == 429
        # Their first code is that of the registration.
        new = {"username": "ben", "newPassword": "correct horse battery", "emailAddress": "ben@example.org"}
        registered = httpx.post(f"{server.url}/acme/users/register", json=new)
        assert (registered.status_code, _forgot(server, "ben").status_code) == (201, 200)
        assert [_check(server, issued).status_code for _ in range(2)] == [200, 200]
        assert [_log_in(server, north["publicKey"]).status_code for _ in range(2)] == [400, 429]
        statuses = [_forgot(server, "nobody").status_code for _ in range(4)]
        samples = scrape(server.metrics_url)
        server.stop()
    assert statuses == [404, 404, 429, 429]
    assert {labels[1]: value for labels, value in samples.items() if labels[0] == "limits_hit_total" and value} == {
        "requests": 1,
        "unproved-messages": 1,
        "guesses-of-request": 1,
        "login-guesses": 1,
        "address-requests": 2,
    }


def test_messages(tmp_path: Path) -> None:
    """Deliveries are counted by channel and outcome, and messages that wait are shown."""
    seed(settings_in(tmp_path))
    replies = ("550 5.1.1 never", "250 OK", *["451 4.3.0 later"] * 20)
    with receiving(Sink(to_message=replies)) as sink, Served(tmp_path, *_ON, smtp_url=sink.url) as server:
        for outcome in ("failed", "sent", "retried"):
            _forgot(server)
            scrape_until(server.metrics_url, _has_delivery(outcome))
        samples = scrape_until(server.metrics_url, lambda samples: samples["outbox_waiting", "email"] == 1)
        server.stop()
    delivered = {labels[1:]: value for labels, value in samples.items() if labels[0] == "deliveries_total" and value}
    # What waits is retried again and again.
    assert delivered.pop(("email", "retried")) >= 1
    assert delivered == {("email", "failed"): 1, ("email", "sent"): 1}
    assert samples["outbox_waiting", "text"] == 0


def _has_delivery(outcome: str) -> Callable[[Samples], bool]:
    return lambda samples: samples["deliveries_total", "email", outcome] > 0


def test_labels_name_nobody(tmp_path: Path) -> None:
    """No label has a value that a request brought along: no account, tenant, user, address or path."""
    seed(settings_in(tmp_path))
    (north, *_) = run_json(tmp_path, "tenant", "list", "acme")
    settings = {"login_guesses": "1", "recovery_requests_per_user_per_hour": "1", "forwarded_allow_ips": "127.0.0.1"}
    with receiving(Sink()) as sink, Served(tmp_path, *_ON, program=CHEAP, smtp_url=sink.url, **settings) as server:
        for _ in range(2):
            _forgot(server)
            _log_in(server, north["publicKey"])
        sink.wait()
        for name in (_CANARY, f"{_CANARY}@example.org"):
            _forgot(server, name)
            _forgot(server, tenant=_CANARY)
            _forgot(server, account=_CANARY)
            _log_in(server, north["publicKey"], name)
            _log_in(server, _CANARY, name)
            httpx.get(f"{server.url}/{_CANARY}/meshes/{_CANARY}?filter={_CANARY}")
            httpx.request(_CANARY.upper(), f"{server.url}/{_CANARY}")
        text = httpx.get(server.metrics_url).text
        server.stop()
    for word in (_CANARY, "acme", "north", "south", USERNAME, OTHER_USERNAME, EMAIL, "example.org", _CLIENT, "127.0.0"):
        assert word.lower() not in text.lower()
    values: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            for label, value in sample.labels.items():
                values.setdefault(label, set()).add(value)
    assert values.keys() == {"operation", "status", "limit", "channel", "outcome", "pool", "le"}
    assert values["operation"] <= {each.operation_id for each in Contract.load().operations} | {"none"}
    assert all(re.fullmatch(r"[1-5]\d\d|none", status) for status in values["status"])


def test_several_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The metrics of all workers are added up, those that have ended keep their counts, and no file is left behind."""
    seed(settings_in(tmp_path))
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    with Served(tmp_path, "--workers", "2", *_ON) as server:
        scrape_until(server.metrics_url, lambda samples: samples.get(("database_connections", "write")) == 2)
        for _ in range(8):
            assert _forgot(server).status_code == 200
        assert scrape(server.metrics_url)["request_duration_seconds_count", "forgotPassword", "200"] == 8
        (files,) = folder.iterdir()
        (first, second) = {path.name.split("_")[-1].removesuffix(".db") for path in files.glob("gauge_livesum_*.db")}
        os.kill(int(first), signal.SIGKILL)

        def is_replaced(samples: Samples) -> bool:
            pids = {path.name.split("_")[-1].removesuffix(".db") for path in files.glob("gauge_livesum_*.db")}
            return first not in pids and second in pids and samples.get(("database_connections", "write")) == 2

        samples = scrape_until(server.metrics_url, is_replaced)
        assert samples["request_duration_seconds_count", "forgotPassword", "200"] == 8
        assert samples["outbox_waiting", "email"] == 0
        assert server.stop()[0] == 0
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="It counts sockets in /proc.")
@pytest.mark.parametrize(("options", "count"), [((), 1), (_ON, 2)])
def test_off_by_default(tmp_path: Path, options: tuple[str, ...], count: int) -> None:
    """Only with a port for metrics does a server listen at a second socket."""
    with Served(tmp_path, *options) as server:
        assert _listening(server.pid) == count
        server.stop()


def _listening(pid: int) -> int:
    """The number of TCP sockets at which a process listens."""
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    listening = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A"}
    opened = {str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir() if each.is_symlink()}
    return len(listening & opened)


_LOADED: Final = """
import sys
from meshydb_server.serve import app_of_environment
app_of_environment()
print("prometheus_client" in sys.modules)
"""


@pytest.mark.parametrize(("port", "loaded"), [("", "False"), ("0", "True"), ("tcp://10.0.0.7:9100", "False")])
def test_library_is_loaded_if_needed(tmp_path: Path, port: str, loaded: str) -> None:
    """Without a port, no process loads the library. What Kubernetes sets for a service of this name is no port."""
    done = subprocess.run(
        [sys.executable, "-c", _LOADED],
        cwd=tmp_path,
        env={**os.environ, "MESHYDB_METRICS_PORT": port},
        capture_output=True,
        encoding="utf-8",
        timeout=60.0,
        check=False,
    )
    assert done.stdout.split() == [loaded], done.stderr


def test_port_in_use(tmp_path: Path) -> None:
    """A port in use is an error of one line, and nothing is served."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(tmp_path, "serve", "--port", "0", metrics_port=str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Error: Cannot listen at 127.0.0.1, port {port}: Address already in use\n"


def test_foreign_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Prometheus library's own variable, meant for another program of the machine, changes nothing."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "nowhere"))
    with Served(tmp_path, *_ON, metrics_host="127.0.0.1") as server:
        assert scrape(server.metrics_url)["writes_waiting",] == 0
        server.stop()
