"""What messages to users say.

Anybody can have one sent to anybody, by registering. So nothing in them is of their making: no username, and no name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from attrs import field, frozen

from meshydb_server.storage.outbox import Kind

__all__ = ["Kind", "Letter"]


@frozen(kw_only=True)
class Letter:
    """What a delivery sends. There is no code in a message that only tells of something."""

    message_id: str
    kind: Kind
    recipient: str
    account: str
    code: str | None = field(default=None, repr=False)
    expires: datetime
    # When what the message tells of takes effect, or until when it can be undone.
    effective: datetime | None = None

    @property
    def subject(self) -> str:
        """One line."""
        return _SUBJECTS[self.kind]

    @property
    def text(self) -> str:
        """The whole message, as an email has it."""
        return self._fill(_TEXTS[self.kind], _UNDO)

    @property
    def short_text(self) -> str:
        """The message, as a telephone has it."""
        return self._fill(_SHORT_TEXTS[self.kind], _SHORT_UNDO)

    def _fill(self, template: str, undo: str) -> str:
        given = {"account": self.account, "code": self.code, "expires": self.expires, "effective": self.effective}
        undo = _NO_UNDO if self.effective is None else undo.format(**given)
        return template.format(**given, undo=undo)


# What an account holder can do about a change that has taken effect: with the address that was replaced, and without.
_UNDO: Final = """\
If it was not you: until {effective:%Y-%m-%d %H:%M} UTC, you can reset your password with a verification code that is
sent to where this message came. Do so now, then log in and change it back."""
_SHORT_UNDO: Final = "If it was not you, reset your password before {effective:%Y-%m-%d %H:%M} UTC."
_NO_UNDO: Final = "If it was not you, ask those who run {account} for help."


def _changed(what: str) -> str:
    return f"""\
Your {what} at {{account}} was changed.

{{undo}}
"""


def _pending(what: str) -> str:
    return f"""\
Your {what} at {{account}} will change at {{effective:%Y-%m-%d %H:%M}} UTC: somebody who is logged in to your account
has asked for that. Until then nothing changes.

If it was not you who asked, reset your password before that time. This cancels the change and ends all logins.
"""


def _short_changed(what: str) -> str:
    return f"Your {what} at {{account}} was changed. {{undo}}"


def _short_pending(what: str) -> str:
    return (
        f"Your {what} at {{account}} will change at {{effective:%Y-%m-%d %H:%M}} UTC. "
        "If it was not you who asked, reset your password before: this cancels it."
    )


_SUBJECTS: Final[Mapping[Kind, str]] = {
    "reset": "Your verification code",
    "register": "Your verification code",
    "password-changed": "Your password was changed",
    "email-changed": "Your email address was changed",
    "email-pending": "Your email address is about to change",
    "phone-changed": "Your phone number was changed",
    "phone-pending": "Your phone number is about to change",
    "questions-changed": "Your security questions were changed",
    "questions-pending": "Your security questions are about to change",
}

_TEXTS: Final[Mapping[Kind, str]] = {
    "reset": """\
Somebody asked to reset your password at {account}.

Your verification code is: {code}

It is good until {expires:%Y-%m-%d %H:%M} UTC. If it was not you who asked, ignore this message: without the code nobody
can change your password.
""",
    "register": """\
Welcome to {account}.

Your verification code is: {code}

It is good until {expires:%Y-%m-%d %H:%M} UTC. If it was not you who registered, ignore this message: without the code
nobody can log in.
""",
    "password-changed": """\
Your password at {account} was changed. Whoever else was logged in to your account is logged out.

If it was not you who changed it, somebody knows your password or reads your messages: secure your messages first, then
reset your password.
""",
    "email-changed": _changed("email address"),
    "email-pending": _pending("email address"),
    "phone-changed": _changed("phone number"),
    "phone-pending": _pending("phone number"),
    "questions-changed": _changed("security questions"),
    "questions-pending": _pending("security questions"),
}

_SHORT_TEXTS: Final[Mapping[Kind, str]] = {
    "reset": "{code} is your verification code for {account}. Do not share it.",
    "register": "{code} is your verification code for {account}. Do not share it.",
    "password-changed": "Your password at {account} was changed. If it was not you, reset it now.",
    "email-changed": _short_changed("email address"),
    "email-pending": _short_pending("email address"),
    "phone-changed": _short_changed("phone number"),
    "phone-pending": _short_pending("phone number"),
    "questions-changed": _short_changed("security questions"),
    "questions-pending": _short_pending("security questions"),
}
