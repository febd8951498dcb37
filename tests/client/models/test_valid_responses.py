"""The client accepts every response that is valid by the contract."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, Final

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, Verbosity, given, settings
from hypothesis import strategies as st

from meshydb import APIResponseError, MeshyClient, UserVerificationHash
from tests.client.calls import RESET, ForgotPassword, connect
from tests.client.core.test_canaries import CALLS
from tests.support.contract import operations, read, resolve
from tests.support.schema_values import values
from tests.support.tcp import RespondingServer, ScriptedServer, reply

DOCUMENT: Final = read()
# Which of two schemas the response to a call has.
OF_CALLS: Final = {
    "createMeshData": {"$ref": "#/components/schemas/MeshData"},
    "createMeshData of several": {"$ref": "#/components/schemas/CreateManyResult"},
}
# By call: each success that has a body, with the schema of that.
SUCCESSES: Final = [
    (call, int(status), OF_CALLS.get(call) or response["content"]["application/json"]["schema"])
    for each in operations(DOCUMENT)
    for call in CALLS
    if call.partition(" ")[0] == each["operationId"]
    for status, named in each["responses"].items()
    if status.startswith("2") and "content" in (response := resolve(DOCUMENT, named))
]
# The same cases on each run, so that a change fails only for what it changes.
REPRODUCIBLY: Final = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    verbosity=Verbosity.quiet,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


@pytest.mark.parametrize(("name", "status", "schema"), SUCCESSES, ids=[f"{it[0]}-{it[1]}" for it in SUCCESSES])
def test_valid_responses(name: str, status: int, schema: dict[str, Any]) -> None:
    """Every valid response becomes a result, for each operation."""
    is_connected, call, _ = CALLS[name]
    bodies: list[bytes] = []
    validator = jsonschema_rs.validator_for({**DOCUMENT, **schema}, validate_formats=True)
    with RespondingServer(lambda _: reply(status, bodies[-1])) as server, ExitStack() as stack:
        if is_connected:
            subject, driver = connect(server.url)
            stack.callback(driver.close)
        else:
            # Two names, as they are of two types.
            client = MeshyClient("acme", "north", "key", base_url=server.url, auth_url=server.url, max_retries=0)
            stack.enter_context(client)

        @REPRODUCIBLY
        @given(body=values(DOCUMENT, schema), ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
        def check(body: object, ascii_only: bool, indent: int | None) -> None:  # noqa: FBT001 - hypothesis calls it
            validator.validate(body)
            bodies.append(json.dumps(body, ensure_ascii=ascii_only, indent=indent).encode())
            assert call(subject if is_connected else client) is not None

        check()
    assert len(server.requests) >= REPRODUCIBLY.max_examples // 2


def test_all_operations_are_tried() -> None:
    """Every operation with a response body is tested."""
    assert len(SUCCESSES) == 30


@pytest.mark.parametrize("spelled", ["1", "1.0", "1e0", "10E-1", "1.000000000000000000000"])
def test_integers(forgot_password: ForgotPassword, spelled: str) -> None:
    """A number without a fraction is an integer, however it is spelled."""
    body = json.dumps({**RESET, "attempt": 7}).replace("7", spelled).encode()
    with ScriptedServer(reply(200, body)) as server:
        attempt = forgot_password(server.url).attempt
    assert (attempt, type(attempt)) == (1, int)


NOON: Final = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spelled", "instant"),
    [
        ("2030-01-01T12:00:00.000Z", NOON),
        ("2030-01-01t12:00:00.000z", NOON),
        ("2030-01-01 12:00:00Z", NOON),
        ("2030-01-01T12:00:00.1Z", NOON.replace(microsecond=100_000)),
        ("2030-01-01T12:00:00.1234567Z", NOON.replace(microsecond=123_456)),
        (f"2030-01-01T12:00:00.{'9' * 5000}Z", NOON.replace(microsecond=999_999)),
        ("2030-01-01T12:00:00-00:00", NOON),
        ("2030-01-02T11:59:00.000+23:59", NOON),
        ("0001-01-01T00:00:00.000Z", datetime.min.replace(tzinfo=UTC)),
        ("0001-01-01T00:00:00.000-14:00", datetime(1, 1, 1, 14, tzinfo=UTC)),
        ("0001-01-01T14:00:00.000+14:00", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59.999Z", datetime.max.replace(microsecond=999_000, tzinfo=UTC)),
        # As in Unix time, a leap second is the first of the next minute.
        ("2016-12-31T23:59:60.000Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2016-12-31T18:59:60.250-05:00", datetime(2017, 1, 1, 0, 0, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_timestamps(forgot_password: ForgotPassword, spelled: str, instant: datetime) -> None:
    """A timestamp of RFC 3339 is a datetime with its offset, which can be written again."""
    with ScriptedServer(reply(200, {**RESET, "expires": spelled})) as server:
        reset = forgot_password(server.url)
    assert reset.expires == instant
    assert reset.expires.utcoffset() is not None
    assert UserVerificationHash.from_dict(reset.to_dict()) == reset


@pytest.mark.parametrize(
    "spelled",
    [
        "0000-12-31T23:59:59.999Z",
        "0001-01-01T00:00:00.000+00:01",
        "0001-01-01T00:00:00.000+14:00",
        "9999-12-31T23:59:59.999-00:01",
        "9999-12-31T23:59:60.000Z",
        "2030-01-01T12:30:60.000Z",
        "2030-01-01T23:59:60.000+01:00",
        "2030-01-01T23:59:61.000Z",
        "2030-02-29T00:00:00.000Z",
        "2030-01-01T12:00:00.000",
        "2030-01-01T12:00:00.Z",
        "2030-01-01T12:00Z",
        "2030-01-01T12:00:00+24:00",
        "2030-01-01T12:00:00+01:60",
        "20300101T120000Z",
        "2030-W01-2T12:00:00Z",
        "2030-01-01T12:00:00Z ",
        "\u0662030-01-01T12:00:00Z",
        "",
    ],
)
def test_invalid_timestamps(forgot_password: ForgotPassword, spelled: str) -> None:
    """Text that is no timestamp, or outside the range of datetime in UTC, raises APIResponseError."""
    with (
        ScriptedServer(reply(200, {**RESET, "expires": spelled})) as server,
        pytest.raises(APIResponseError, match=r"UserVerificationHash\.expires must be"),
    ):
        forgot_password(server.url)


def test_year_that_cannot_be_sent(forgot_password: ForgotPassword) -> None:
    """An expiry outside the bounds for requests is received, and rejected by name when it is sent."""
    with ScriptedServer(reply(200, {**RESET, "expires": "0001-01-01T00:00:00.000Z"})) as server:
        reset = forgot_password(server.url)
    with MeshyClient("acme", "north", "key") as client, pytest.raises(ValueError, match=r"^verification\.expires must"):
        client.check_hash(reset, "MFRGGZDF")


@pytest.mark.parametrize(
    ("taken", "refused"),
    [
        ("1000-01-01T00:30:00+00:30", "1000-01-01T00:30:00+01:00"),
        ("0999-12-31T23:30:00-00:30", "0999-12-31T23:30:00+00:00"),
        ("3000-01-01T00:30:00+01:00", "3000-01-01T00:30:00+00:30"),
        ("2999-12-31T23:30:00+00:00", "2999-12-31T23:30:00-00:30"),
    ],
)
def test_year_is_that_of_utc(taken: str, refused: str) -> None:
    """The bounds of years apply to the year in UTC."""
    with (
        RespondingServer(lambda _: reply(200, {"isValid": True})) as server,
        MeshyClient("acme", "north", "key", base_url=server.url) as client,
    ):
        assert client.check_hash(UserVerificationHash.from_dict({**RESET, "expires": taken}), "MFRGGZDF")
        with pytest.raises(ValueError, match=r"^verification\.expires must be in the years"):
            client.check_hash(UserVerificationHash.from_dict({**RESET, "expires": refused}), "MFRGGZDF")
