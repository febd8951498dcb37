"""Coarse limits on requests by address and by account. They protect the server, and count no guesses."""

from __future__ import annotations

import logging
import math
import time
from typing import Any, Final, cast

from limits import RateLimitItem, parse
from limits.aio.storage import RedisStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.storage import storage_from_string
from starlette.requests import Request

from meshydb_server.addresses import network_of, site_of
from meshydb_server.configuration.settings import Settings
from meshydb_server.http.errors import unavailable
from meshydb_server.http.headers import client_of
from meshydb_server.services.common.errors import LimitError
from meshydb_server.services.common.limits.table import ACCOUNT_REQUESTS, ADDRESS_REQUESTS

_log = logging.getLogger(__name__)

# A storage that does not respond must not delay requests noticeably.
_REDIS_OPTIONS: Final = {"connect_timeout": 1.0, "stream_timeout": 1.0}
# A provider's customer has 65,536 IPv6 /64 networks, and together they get this many times the limit of one.
_NETWORKS_OF_SITE: Final = 10


class RateLimits:
    """Counts requests in the memory of this process, or in Redis, which several processes share."""

    def __init__(self, settings: Settings) -> None:
        """Prepare the limits in the settings. Redis is connected when the first request is counted."""
        self._storage = _storage(settings.rate_limit_storage.get_secret_value())
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)
        self._of_address = _limit(settings.rate_limit)
        self._of_site = _times(self._of_address, _NETWORKS_OF_SITE)
        self._of_account = _limit(settings.account_rate_limit)

    def close(self) -> None:
        """Disconnect from Redis."""
        if isinstance(self._storage, RedisStorage):
            # `limits` has no method for it, and types only what its storages have in common.
            cast("Any", self._storage.bridge).storage.connection_pool.disconnect()

    async def count_address(self, request: Request) -> None:
        """Count a request by its client address.

        Raises LimitError if the limit is used up, and HttpError 503 if counting fails.
        """
        if self._of_address is None or self._of_site is None:
            return
        client = client_of(request.scope)
        network = network_of(client)
        await self._count(self._of_address, "address", network)
        site = site_of(client)
        if site != network:
            await self._count(self._of_site, "site", site)

    async def count_account(self, account: str) -> None:
        """Count a request by its account. Raises the same errors as `count_address`."""
        if self._of_account is not None:
            await self._count(self._of_account, "account", account)

    async def _count(self, limit: RateLimitItem, kind: str, name: str) -> None:
        try:
            if await self._limiter.hit(limit, kind, name):
                return
            window = await self._limiter.get_window_stats(limit, kind, name)
        except Exception as error:
            # For any error: a request that cannot be counted is rejected.
            _log.exception("The storage of the rate limits failed.")
            raise unavailable("The server cannot count requests; try again later.") from error
        exceeded = ACCOUNT_REQUESTS if kind == "account" else ADDRESS_REQUESTS
        raise LimitError(math.ceil(window.reset_time - time.time()), exceeded.name)


def _limit(notation: str) -> RateLimitItem | None:
    return None if notation == "off" else parse(notation)


def _times(limit: RateLimitItem | None, factor: int) -> RateLimitItem | None:
    return limit and type(limit)(limit.amount * factor, limit.multiples, limit.namespace)


def _storage(url: str) -> Storage:
    options = {} if url.startswith("memory:") else _REDIS_OPTIONS
    return cast("Storage", storage_from_string(f"async+{url}", **options))
