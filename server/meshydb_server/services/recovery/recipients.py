"""Limits the codes to one address or number for users who have not proved that it is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen
from sqlalchemy.engine import Connection

from meshydb_server.services.common.errors import LimitError
from meshydb_server.services.common.keys import Keyring
from meshydb_server.services.common.limits.counting import counter_key, keep, spend
from meshydb_server.services.common.limits.table import CHANGED_MESSAGES, UNPROVED_MESSAGES
from meshydb_server.services.common.metrics import Metrics
from meshydb_server.services.common.usernames import username_key
from meshydb_server.services.messages import OutgoingMessage
from meshydb_server.services.recovery.policy import RecoveryPolicy
from meshydb_server.storage.counters import Change, CounterKey, read_counters
from meshydb_server.storage.messages import Channel
from meshydb_server.storage.users import User


@frozen
class Recipients:
    """Counts messages by recipient, over all users, tenants and accounts."""

    keyring: Keyring
    policy: RecoveryPolicy
    metrics: Metrics

    def count(self, connection: Connection, message: OutgoingMessage, now: datetime) -> tuple[bool, Sequence[Change]]:
        """Whether a message may be sent, and the counter to save.

        Messages to a proved address are not counted. With decoys, they take the same work.
        """
        user, (channel, recipient) = message.user, message.destination
        if user is None or recipient is None or _is_proved(user, channel):
            return True, self._as_if_counted(connection, message, now)
        limit, quota = (
            (CHANGED_MESSAGES, self.policy.changed_messages)
            if user.verified
            else (UNPROVED_MESSAGES, self.policy.unproved_messages)
        )
        key = counter_key(self.keyring, "recipient", channel, recipient.lower())
        (counter,) = read_counters(connection, [CounterKey("", "", key, limit.name)])
        try:
            return True, [spend(quota, counter, now)]
        except LimitError:
            # Counted again if the transaction runs again, which is rare.
            self.metrics.limited(limit.name)
            return False, [keep(quota, counter, now)]

    def _as_if_counted(self, connection: Connection, message: OutgoingMessage, now: datetime) -> Sequence[Change]:
        if not self.policy.decoys or message.kind != "reset":
            return ()
        # A counter that no limit uses.
        name = username_key(message.username)
        key = counter_key(self.keyring, "recipient of", message.tenant.account, message.tenant.name, name)
        (counter,) = read_counters(connection, [CounterKey("", "", key, UNPROVED_MESSAGES.name)])
        return [keep(self.policy.unproved_messages, counter, now)]


def _is_proved(user: User, channel: Channel) -> bool:
    return user.phone_proved if channel == "text" else user.email_proved
