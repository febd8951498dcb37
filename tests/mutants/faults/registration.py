"""Faults in how registrations are completed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import evolve

from meshydb_server.services.logins import service as tokens
from meshydb_server.services.recovery import completion
from meshydb_server.storage.users import User
from tests.mutants.table import Table

TABLE: Final = Table()


@TABLE.parts(completion, "mark_proved", "requestToken", "registrations_are_verified")
def verified_user_kept_out(*_: object) -> bool:
    """A verified user cannot log in."""
    return True


@TABLE.parts(tokens, "_require_admitted", "requestToken", "registrations_are_verified")
def unverified_user_admitted(original: Callable[..., None], user: User) -> None:
    """An unverified user can log in."""
    original(evolve(user, verified=True))
