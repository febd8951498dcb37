"""Limits that several servers share."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.support.http.bodies import GOOD
from tests.support.http.raw import assert_documented, compose, exchange
from tests.support.server import seed, serving, settings_in
from tests.wire import redis


@pytest.fixture(scope="module", params=["fake", "real"])
def redis_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """Something that speaks Redis on loopback: in Python everywhere, and the real one where there is one."""
    with redis.fake() if request.param == "fake" else redis.real(tmp_path_factory.mktemp("redis")) as url:
        yield url


# Limits are per hour, lest the window end in the middle of a test.
@pytest.mark.parametrize("name", ["rate_limit", "account_rate_limit"])
def test_shared(tmp_path: Path, redis_url: str, name: str) -> None:
    """Servers that count in one Redis have one limit between them, and count on after a restart."""
    settings = settings_in(tmp_path, rate_limit_storage=redis_url, **{name: "4/hour"})
    seed(settings)
    request = compose(GOOD)
    with serving(settings) as one:
        assert_documented(exchange(one.url, request), 200)
    with serving(settings) as one, serving(settings) as other:
        for server in (one, other, one):
            assert_documented(exchange(server.url, request), 200)
        responses = [exchange(server.url, request) for server in (one, other)]
    for response in responses:
        assert_documented(response, 429)
        assert 1 <= int(response.all("retry-after")[0]) <= 3600
