"""Faults in password recovery."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from meshydb_server.services.common.passwords import Passwords
from meshydb_server.services.recovery import completion, guesses, handles
from meshydb_server.services.recovery.guesses import GuessChecker
from meshydb_server.services.recovery.verification import VerificationService
from meshydb_server.storage.users import authenticators
from tests.mutants.table import ServerSetup, Table

TABLE: Final = Table()


@TABLE.parts(GuessChecker, "_compare", "checkHash", "codes_are_needed")
async def any_code_is_right(_: Callable[..., Any], __: object, guess: Any, ___: str) -> Any:
    """Any code is accepted."""
    return guess


@TABLE.parts(GuessChecker, "_compare", "checkHash", "reset_sets_the_password")
async def no_code_is_right(*_: object) -> None:
    """No code is accepted."""


@TABLE.servers("resetPassword", "codes_are_used_up")
def code_usable_twice(setup: ServerSetup) -> None:
    """A code can be used more than once."""
    setup.patch.setattr(completion, "consume", lambda *_: True)
    setup.patch.setattr(GuessChecker, "_rejection_reason", lambda *_: None)


@TABLE.parts(GuessChecker, "_rejection_reason", "checkHash", "requests_lapse")
def expired_hash_accepted(original: Callable[..., Any], *validated: Any) -> str | None:
    """A request does not expire."""
    reason: str | None = original(*validated)
    return None if reason == "expired" else reason


@TABLE.parts(handles, "fits", "checkHash", "requests_are_sent_back_unchanged")
def hash_not_verified(*_: object) -> bool:
    """The signature of a hash is not verified."""
    return True


@TABLE.parts(guesses, "_repeats", "checkHash", "requests_are_sent_back_unchanged")
def expiry_and_attempt_not_compared(*_: object) -> bool:
    """Expiry and attempt are not compared."""
    return True


@TABLE.parts(GuessChecker, "_match", "checkHash", "requests_end_those_before_them")
def hash_ignored(_: Callable[..., Any], service: GuessChecker, subject: Any, __: object) -> Any:
    """A code is looked up by username alone, whatever the hash."""
    return (subject.recoveries[0], service.keyring.newest) if subject.recoveries else None


@TABLE.parts(VerificationService, "_recovery", "checkHash", "requests_end_those_before_them")
def code_of_the_last_request_stays(original: Callable[..., Any], service: object, as_request: Any, *more: Any) -> Any:
    """A new request keeps the code of the one before it."""
    recovery = original(service, as_request, *more)
    if as_request.previous is None:
        return recovery
    return evolve(recovery, request_id=as_request.previous.request_id, code_mac=as_request.previous.code_mac)


@TABLE.settings("checkHash", "guesses_are_few")
def guesses_without_end(settings: dict[str, str]) -> None:
    """Guesses are not limited."""
    settings |= {"recovery_guesses_per_request": "1000", "recovery_guesses_per_user_and_address_per_day": "1000"}


@TABLE.parts(authenticators, "replace_password", "requestToken", "reset_sets_the_password")
def new_password_not_taken(*_: object, **__: object) -> bool:
    """A reset succeeds without setting the password."""
    return True


@TABLE.parts(Passwords, "verify", "requestToken", "reset_sets_the_password")
async def old_password_still_accepted(
    original: Callable[..., Any], passwords: Any, hashed: str | None, secret: str
) -> bool:
    """An old password stays valid."""
    known: set[str] = passwords.__dict__.setdefault("known", set())
    right = bool(await original(passwords, hashed, secret)) or secret in known
    if right:
        known.add(secret)
    return right
