"""Password recovery."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from attrs import field, frozen
from sqlalchemy.engine import Connection

from meshydb_server.services import codes
from meshydb_server.services.errors import InvalidRequestError
from meshydb_server.services.handles import REQUEST_ID_BYTES, Claims, sign
from meshydb_server.services.hints import mask_email
from meshydb_server.services.keys import Keyring
from meshydb_server.services.lookup import require_tenant, require_user
from meshydb_server.services.outbox import Outbox
from meshydb_server.services.sources import Sources
from meshydb_server.storage.database import Database
from meshydb_server.storage.recoveries import Recovery, insert_recovery
from meshydb_server.storage.users import User

LIFETIME: Final = timedelta(hours=1)


@frozen
class ResetRequest:
    """A request for a password reset, as its caller sees it. `expires` has whole milliseconds."""

    username: str
    attempt: int
    hash: str = field(repr=False)
    expires: datetime
    hint: str


@frozen
class RecoveryService:
    """Starts the recovery of passwords."""

    database: Database
    sources: Sources
    keyring: Keyring
    outbox: Outbox

    async def forgot_password(self, account: str, tenant: str | None, username: str, attempt: int) -> ResetRequest:
        """Create a request and put a code on its way; both stand when this returns, or neither does.

        Raises NotFoundError for an unknown account, tenant or user, InvalidRequestError for an anonymous user.
        """
        now = _to_milliseconds(self.sources.now())
        expires = now + LIFETIME
        request_id = self.sources.random(REQUEST_ID_BYTES)
        code = codes.generate(self.sources.random)
        key = self.keyring.newest

        def transaction(connection: Connection) -> User:
            place = require_tenant(connection, account, tenant)
            user = require_user(connection, place, username)
            if user.anonymous:
                raise InvalidRequestError("An anonymous user cannot recover a password.")
            insert_recovery(
                connection,
                Recovery(
                    account=user.account,
                    tenant=user.tenant,
                    request_id=request_id,
                    user_id=user.user_id,
                    code_mac=codes.mac(key, request_id, code),
                    expires_at=expires,
                    created_at=now,
                ),
            )
            self.outbox.put(connection, user, code, expires=expires, now=now)
            return user

        user = await self.database.write(transaction)
        self.outbox.wake()
        claims = Claims(
            purpose="reset",
            account=user.account,
            tenant=user.tenant,
            username_key=user.username_key,
            attempt=attempt,
            expires=expires,
            credential_version=user.credential_version,
            request_id=request_id,
        )
        return ResetRequest(
            # As the caller wrote it, not as it is stored: an answer tells nothing that the request did not.
            username=username,
            attempt=attempt,
            hash=sign(key, claims),
            expires=expires,
            hint=mask_email(user.email),
        )


def _to_milliseconds(instant: datetime) -> datetime:
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
