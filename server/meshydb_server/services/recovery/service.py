"""Requests for a password reset."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.audit import Audit
from meshydb_server.services.common.dependencies import Clock
from meshydb_server.services.common.error_codes import ErrorCode
from meshydb_server.services.common.errors import InvalidRequestError, LimitError, NotFoundError, ServiceError
from meshydb_server.services.common.limits.counting import is_known_address, keys_of_username
from meshydb_server.services.recovery.policy import RecoveryPolicy
from meshydb_server.services.recovery.verification import IssuedRequest, VerificationRequest, VerificationService
from meshydb_server.services.users import Authenticators
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.recovery import UsernameCounts, find_for_request
from meshydb_server.storage.users import User
from meshydb_server.storage.users.questions import Questions


@frozen
class RecoveryService:
    """Starts password recovery."""

    database: Database
    clock: Clock
    verification: VerificationService
    audit: Audit
    policy: RecoveryPolicy
    authenticators: Authenticators

    async def forgot_password(
        self, account: str, tenant: str | None, username: str, attempt: int, client: str = ""
    ) -> IssuedRequest:
        """Create a request and send its code, in one transaction.

        `client` is the client address of the request, in the form of `addresses.normalise`; "" for none. Raises
        NotFoundError for an unknown account, tenant or user, InvalidRequestError if the user cannot recover, and
        LimitError after too many requests.
        """
        now = self.clock()
        keys = keys_of_username(self.verification.keyring, username, client)

        def transaction(connection: Connection) -> IssuedRequest | ServiceError:
            record = self.authenticators.find_current(
                connection, lambda: find_for_request(connection, account, tenant, keys, "reset")
            )
            request = VerificationRequest(
                tenant=record.tenant,
                purpose="reset",
                username=username,
                attempt=attempt,
                user=record.user,
                recoveries=record.recoveries,
                client=client,
            )
            outcome, result = self._issue(connection, request, record.counts["reset"], now)
            user_id = None if record.user is None else record.user.user_id
            if isinstance(result, ServiceError):
                # No limit applies to rejected requests: a row for each would let anyone fill the database.
                self.audit.count(
                    connection, record.tenant, "requested", outcome, client=client, now=now, user_id=user_id
                )
            else:
                self.audit.note(connection, record.tenant, "requested", outcome, now=now, user_id=user_id)
            return result

        result = await self.database.write(transaction)
        if isinstance(result, ServiceError):
            # Raised after the transaction, which would otherwise roll back its event.
            raise result
        self.verification.outbox.wake()
        return result

    def _issue(
        self, connection: Connection, request: VerificationRequest, counts: UsernameCounts, now: datetime
    ) -> tuple[str, IssuedRequest | ServiceError]:
        """Create the request, or say why not. Returns the outcome for the audit trail, and the request or the error."""
        questions = self.verification.questions_for(connection, request)
        outcome, rejection = _eligibility(
            request.user, questions, uses_questions=request.tenant.verification == "question"
        )
        if rejection is not None:
            if not self.policy.decoys:
                return outcome, rejection
            request = request.as_decoy()
        tenant, user_id = request.tenant, None if request.user is None else request.user.user_id

        def is_known() -> bool:
            return is_known_address(connection, tenant.account, tenant.name, user_id, request.client, now)

        try:
            changes = self.policy.requests.spend(counts, now, is_known)
        except LimitError as error:
            return "limited", error
        issue_outcome, issued = self.verification.issue(
            connection, request, questions, counter_changes=changes, now=now
        )
        return (issue_outcome if rejection is None else f"decoy: {outcome}"), issued


def _eligibility(
    user: User | None, questions: Questions | None, *, uses_questions: bool
) -> tuple[str, ServiceError | None]:
    """Whether a user can recover: the outcome for the audit trail, and the error if not."""
    if user is None:
        return "unknown-user", NotFoundError("There is no user of this name.", ErrorCode.UNKNOWN_USER)
    if user.anonymous:
        return "anonymous", InvalidRequestError(
            "An anonymous user cannot recover a password.", ErrorCode.USER_ANONYMOUS
        )
    if uses_questions and (questions is None or questions.user_id != user.user_id):
        return "no-question", InvalidRequestError(
            "The user has no security question to answer.", ErrorCode.USER_WITHOUT_QUESTION
        )
    return "ok", None
