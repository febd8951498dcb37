"""The rules for changing what proves a user, as functions of the user's row and the time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final, Literal

from attrs import evolve, fields, frozen

from meshydb_server.storage.accounts import Verification
from meshydb_server.storage.users import User
from meshydb_server.storage.users.authenticators import AUTHENTICATORS, CONTACTS, Authenticator, Contact

Outcome = Literal["at-once", "pending", "cancelled", "took-effect"]

# The contact that users prove, by the tenant's verification mode.
PROVED_BY: Final[Mapping[Verification, Authenticator]] = {"email": "email", "text": "phone", "question": "questions"}


class Proof(Enum):
    """The proof that allows a change."""

    NONE = "an access token"
    """The user is logged in, and has not proved the password for this change."""

    PASSWORD = "the password"  # noqa: S105 - a name
    """The user has proved the password for this change."""

    RECENT_LOGIN = "a recent login"
    """The user has proved the password recently, but not for this change."""

    ADMINISTRATOR = "a permission"
    """Another user with the permission to update users."""

    OPERATOR = "the command line"
    """The operator, on the command line."""


BY_PASSWORD: Final = frozenset({Proof.PASSWORD, Proof.RECENT_LOGIN})


@frozen(kw_only=True)
class Terms:
    """The conditions of a change: its proof, its time, and how long it stays pending."""

    proof: Proof
    now: datetime
    delay: timedelta


@frozen(kw_only=True)
class _State:
    """One address of a user. A pending value of None removes the address."""

    value: str | None
    pending: str | None = None
    pending_at: datetime | None = None
    former: str | None = None
    former_until: datetime | None = None
    proved: bool = False


_NAMES: Final = tuple(each.name for each in fields(_State))


def change_contact(user: User, contact: Contact, new: str | None, terms: Terms) -> tuple[User, Outcome | None]:
    """The user with another address, and the outcome; None for no change. The user must have nothing due."""
    state = _read(user, contact)
    if new == state.value:
        # An administrator who sends back the current value changes nothing.
        if state.pending_at is None or terms.proof in {Proof.NONE, Proof.ADMINISTRATOR}:
            return user, None
        return _put(user, contact, evolve(state, pending=None, pending_at=None)), "cancelled"
    is_pending = state.pending_at is not None and new == state.pending
    if is_pending and terms.proof is Proof.RECENT_LOGIN:
        # Users who send back the shown value do not confirm the change, which may be a thief's.
        return user, None
    if takes_effect_at_once(user, terms.proof):
        # The value that an administrator replaces may be a stranger's address, entered by mistake.
        until = terms.now + terms.delay if terms.proof in BY_PASSWORD else None
        keeps = terms.proof is Proof.NONE or terms.proof in BY_PASSWORD
        return _put(user, contact, _replace(state, new, terms.now, until=until, keeps=keeps)), "at-once"
    if is_pending:
        return user, None
    return _put(user, contact, evolve(state, pending=new, pending_at=terms.now + terms.delay)), "pending"


def takes_effect_at_once(user: User, proof: Proof) -> bool:
    """Whether a change with this proof takes effect at once. Anonymous users have no password and cannot recover."""
    return user.anonymous or proof is not Proof.NONE


def is_due(user: User, now: datetime) -> bool:
    """Whether a pending change is due."""
    return bool(due(user, now))


def due(user: User, now: datetime) -> list[Authenticator]:
    """The pending changes that are due."""
    return [each for each in AUTHENTICATORS if (at := _pending_at(user, each)) is not None and at <= now]


def pending(user: User) -> list[Authenticator]:
    """The pending changes."""
    return [each for each in AUTHENTICATORS if _pending_at(user, each) is not None]


def with_due_changes(user: User, now: datetime) -> User:
    """The user with all due changes in force. Questions are in separate tables."""
    for each in due(user, now):
        if each == "questions":
            user = evolve(user, questions_pending_at=None, questions_proved=False)
        else:
            state = _read(user, each)
            user = _put(user, each, _replace(state, state.pending, now, until=None, keeps=True))
    return user


def live_former(user: User, contact: Contact, now: datetime) -> str | None:
    """The user's former address, if it can still recover the account."""
    until = getattr(user, _column(contact, "former_until"))
    return _read(user, contact).former if until is not None and now < until else None


def shown(user: User, verification: Verification, now: datetime, *, own: bool) -> User:
    """The user as the API shows them: pending values to themselves, and verified by the tenant's channel.

    Others see the values in force, so that sending them back puts no pending value into force.
    """
    user = with_due_changes(user, now)
    verified = is_verified(user, verification)
    if own:
        for contact in CONTACTS:
            if _pending_at(user, contact) is not None:
                state = _read(user, contact)
                user = _put(user, contact, evolve(state, value=state.pending))
    return user if user.verified == verified else evolve(user, verified=verified)


def is_verified(user: User, verification: Verification) -> bool:
    """Whether the tenant's present channel is proved."""
    proved: bool = getattr(user, f"{PROVED_BY[verification]}_proved")
    return proved and not user.anonymous


def with_verified(user: User, verification: Verification, *, was: bool, verified: bool) -> User:
    """The user with the tenant's present channel marked as proved or unproved.

    `was` is the value shown before: sending it back changes nothing. A user without any other proof can no longer log
    in.
    """
    if user.anonymous or (was and verified and is_verified(user, verification)) or not (was or verified):
        return user
    proved: dict[str, Any] = {f"{PROVED_BY[verification]}_proved": verified}
    user = evolve(user, **proved)
    return evolve(user, verified=verified or any(getattr(user, f"{each}_proved") for each in AUTHENTICATORS))


def _replace(state: _State, new: str | None, now: datetime, *, until: datetime | None, keeps: bool) -> _State:
    """The state with another value in force and nothing pending.

    With `until`, a proved value is kept as the former one. An existing former value stays: changing an address twice
    does not displace the one that the owner knows.
    """
    replaced = _State(value=new)
    if state.former_until is not None and now < state.former_until:
        if new == state.former:
            # It was kept because it was proved.
            return evolve(replaced, proved=True)
        return evolve(replaced, former=state.former, former_until=state.former_until) if keeps else replaced
    if until is not None and state.proved and state.value is not None:
        return evolve(replaced, former=state.value, former_until=until)
    return replaced


def _pending_at(user: User, authenticator: Authenticator) -> datetime | None:
    at: datetime | None = getattr(user, f"{authenticator}_pending_at")
    return at


def _read(user: User, contact: Contact) -> _State:
    return _State(**{name: getattr(user, _column(contact, name)) for name in _NAMES})


def _put(user: User, contact: Contact, state: _State) -> User:
    return evolve(user, **{_column(contact, name): getattr(state, name) for name in _NAMES})


def _column(contact: Contact, name: str) -> str:
    return contact if name == "value" else f"{contact}_{name}"
