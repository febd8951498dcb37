"""The rules of changing what proves a user, as functions of the user's row and the time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final, Literal

from attrs import evolve, fields, frozen

from meshydb_server.storage.accounts import Verification
from meshydb_server.storage.authenticators import AUTHENTICATORS, CONTACTS, Authenticator, Contact
from meshydb_server.storage.users import User

Outcome = Literal["at-once", "pending", "cancelled", "took-effect"]

# What users of a tenant prove, by how the tenant verifies them.
PROVED_BY: Final[Mapping[Verification, Authenticator]] = {"email": "email", "text": "phone", "question": "questions"}


class Proof(Enum):
    """What makes a change legitimate."""

    NONE = "an access token"
    """The user is logged in, and has not proved the password for this."""

    PASSWORD = "the password"  # noqa: S105 - a name
    """The user has proved the password."""

    RECENT_LOGIN = "a recent login"
    """The user has proved the password a short time ago, and not for this."""

    ADMINISTRATOR = "a permission"
    """Another user may update users."""

    OPERATOR = "the command line"
    """The operator of the server."""


BY_PASSWORD: Final = frozenset({Proof.PASSWORD, Proof.RECENT_LOGIN})


@frozen(kw_only=True)
class Terms:
    """On what terms a change is made: on which proof, at which time, and how long it may take to come into force."""

    proof: Proof
    now: datetime
    delay: timedelta


@frozen(kw_only=True)
class _State:
    """One address of a user. A value that is pending may be None: the address is to be removed."""

    value: str | None
    pending: str | None = None
    pending_at: datetime | None = None
    former: str | None = None
    former_until: datetime | None = None
    proved: bool = False


_NAMES: Final = tuple(each.name for each in fields(_State))


def change_contact(user: User, contact: Contact, new: str | None, terms: Terms) -> tuple[User, Outcome | None]:
    """The user with another address, and how the change ends; None for no change. Nothing of the user may be due."""
    state = _read(user, contact)
    if new == state.value:
        # An administrator who sends back what was read changes nothing.
        if state.pending_at is None or terms.proof in {Proof.NONE, Proof.ADMINISTRATOR}:
            return user, None
        return _put(user, contact, evolve(state, pending=None, pending_at=None)), "cancelled"
    is_pending = state.pending_at is not None and new == state.pending
    if is_pending and terms.proof is Proof.RECENT_LOGIN:
        # Users who send back what they have read do not confirm the change, which may be that of a thief.
        return user, None
    if takes_effect_at_once(user, terms.proof):
        # What an administrator replaces may be the address of a stranger, by mistake.
        until = terms.now + terms.delay if terms.proof in BY_PASSWORD else None
        keeps = terms.proof is Proof.NONE or terms.proof in BY_PASSWORD
        return _put(user, contact, _replace(state, new, terms.now, until=until, keeps=keeps)), "at-once"
    if is_pending:
        return user, None
    return _put(user, contact, evolve(state, pending=new, pending_at=terms.now + terms.delay)), "pending"


def takes_effect_at_once(user: User, proof: Proof) -> bool:
    """Whether a change on this proof does. Anonymous users have no password to prove, and cannot recover."""
    return user.anonymous or proof is not Proof.NONE


def is_due(user: User, now: datetime) -> bool:
    """Whether the time of anything that is pending has come."""
    return bool(due(user, now))


def due(user: User, now: datetime) -> list[Authenticator]:
    """What is pending whose time has come."""
    return [each for each in pending(user) if _pending_at(user, each) <= now]


def pending(user: User) -> list[Authenticator]:
    """What is pending."""
    return [each for each in AUTHENTICATORS if getattr(user, f"{each}_pending_at") is not None]


def settled(user: User, now: datetime) -> User:
    """The user with everything in force whose time has come. Questions are in tables of their own."""
    for each in due(user, now):
        if each == "questions":
            user = evolve(user, questions_pending_at=None, questions_proved=False)
        else:
            state = _read(user, each)
            user = _put(user, each, _replace(state, state.pending, now, until=None, keeps=True))
    return user


def live_former(user: User, contact: Contact, now: datetime) -> str | None:
    """The address that the user had before, if it can still recover the account."""
    state = _read(user, contact)
    return state.former if state.former_until is not None and now < state.former_until else None


def shown(user: User, verification: Verification, now: datetime, *, own: bool) -> User:
    """The user as the API shows them: to themselves with what is pending, and verified by the tenant's channel.

    Others see the values in force: if they send back what they have read, they bring nothing pending into force.
    """
    user = settled(user, now)
    verified = is_verified(user, verification)
    if own:
        for contact in CONTACTS:
            state = _read(user, contact)
            if state.pending_at is not None:
                user = _put(user, contact, evolve(state, value=state.pending))
    return evolve(user, verified=verified)


def is_verified(user: User, verification: Verification) -> bool:
    """Whether the tenant's present channel is proved."""
    proved: bool = getattr(user, f"{PROVED_BY[verification]}_proved")
    return proved and not user.anonymous


def with_verified(user: User, verification: Verification, *, was: bool, verified: bool) -> User:
    """The user whose tenant's present channel counts as proved, or does not any more.

    `was` is what was shown before: to send that back changes nothing. Who has no other proof cannot log in any more.
    """
    if user.anonymous or (was and verified and is_verified(user, verification)) or not (was or verified):
        return user
    proved: dict[str, Any] = {f"{PROVED_BY[verification]}_proved": verified}
    user = evolve(user, **proved)
    return evolve(user, verified=verified or any(getattr(user, f"{each}_proved") for each in AUTHENTICATORS))


def _replace(state: _State, new: str | None, now: datetime, *, until: datetime | None, keeps: bool) -> _State:
    """The state with another value in force and none pending.

    With `until`, a value that was proved is kept as the former one. One that is kept already stays: who changes an
    address twice does not push out the one that its owner knows.
    """
    replaced = _State(value=new)
    if state.former_until is not None and now < state.former_until:
        if new == state.former:
            # Kept because it was proved.
            return evolve(replaced, proved=True)
        return evolve(replaced, former=state.former, former_until=state.former_until) if keeps else replaced
    if until is not None and state.proved and state.value is not None:
        return evolve(replaced, former=state.value, former_until=until)
    return replaced


def _pending_at(user: User, authenticator: Authenticator) -> datetime:
    at: datetime = getattr(user, f"{authenticator}_pending_at")
    return at


def _read(user: User, contact: Contact) -> _State:
    return _State(**{name: getattr(user, _column(contact, name)) for name in _NAMES})


def _put(user: User, contact: Contact, state: _State) -> User:
    return evolve(user, **{_column(contact, name): getattr(state, name) for name in _NAMES})


def _column(contact: Contact, name: str) -> str:
    return contact if name == "value" else f"{contact}_{name}"
