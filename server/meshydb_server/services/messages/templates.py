"""The texts of messages to users.

Anyone can have a message sent to anyone by registering. Texts therefore contain nothing that the sender chooses: no
username and no name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from attrs import field, frozen

from meshydb_server.storage.messages import MessageKind

__all__ = ["MessageContent", "MessageKind"]


@frozen(kw_only=True)
class MessageContent:
    """The content of a message for a delivery. Notices have no code."""

    message_id: str
    kind: MessageKind
    recipient: str
    account: str
    code: str | None = field(default=None, repr=False)
    expires: datetime
    # When the change takes effect, or until when it can be undone.
    effective: datetime | None = None

    @property
    def subject(self) -> str:
        """The subject line."""
        return _SUBJECTS[self.kind]

    @property
    def text(self) -> str:
        """The full text, for email."""
        return self._fill(_TEXTS[self.kind], _UNDO)

    @property
    def short_text(self) -> str:
        """The short text, for text messages."""
        return self._fill(_SHORT_TEXTS[self.kind], _SHORT_UNDO)

    def _fill(self, template: str, undo: str) -> str:
        given = {"account": self.account, "code": self.code, "expires": self.expires, "effective": self.effective}
        undo = _NO_UNDO if self.effective is None else undo.format(**given)
        return template.format(**given, undo=undo)


# How to undo a change that has taken effect: with the replaced address, or without it.
_UNDO: Final = """\
If you did not do this, reset your password now, then log in and change it back. Until {effective:%Y-%m-%d %H:%M} UTC,
you can have a verification code sent to where you received this message."""
_SHORT_UNDO: Final = "If you did not do this, reset your password before {effective:%Y-%m-%d %H:%M} UTC."
_NO_UNDO: Final = "If you did not do this, ask the people who run {account} for help."


def _changed(what: str) -> str:
    return f"""\
Your {what} at {{account}} was changed.

{{undo}}
"""


def _pending(what: str) -> str:
    return f"""\
Your {what} at {{account}} will change at {{effective:%Y-%m-%d %H:%M}} UTC. Somebody who is logged in to your account
asked for this change.

If you did not ask for it, reset your password before that time. This cancels the change and ends all logins.
"""


def _short_changed(what: str) -> str:
    return f"Your {what} at {{account}} was changed. {{undo}}"


def _short_pending(what: str) -> str:
    return (
        f"Your {what} at {{account}} will change at {{effective:%Y-%m-%d %H:%M}} UTC. "
        "If you did not ask for it, reset your password before that time: this cancels it."
    )


_SUBJECTS: Final[Mapping[MessageKind, str]] = {
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

_TEXTS: Final[Mapping[MessageKind, str]] = {
    "reset": """\
Somebody asked to reset your password at {account}.

Your verification code is: {code}

It is valid until {expires:%Y-%m-%d %H:%M} UTC. If you did not ask for it, ignore this message: nobody can change your
password without the code.
""",
    "register": """\
Welcome to {account}.

Your verification code is: {code}

It is valid until {expires:%Y-%m-%d %H:%M} UTC. If you did not register, ignore this message: nobody can log in without
the code.
""",
    "password-changed": """\
Your password at {account} was changed. All other logins to your account have ended.

If you did not change it, somebody knows your password or reads your messages: secure your messages first, then reset
your password.
""",
    "email-changed": _changed("email address"),
    "email-pending": _pending("email address"),
    "phone-changed": _changed("phone number"),
    "phone-pending": _pending("phone number"),
    "questions-changed": _changed("security questions"),
    "questions-pending": _pending("security questions"),
}

_SHORT_TEXTS: Final[Mapping[MessageKind, str]] = {
    "reset": "{code} is your verification code for {account}. Do not share it.",
    "register": "{code} is your verification code for {account}. Do not share it.",
    "password-changed": "Your password at {account} was changed. If you did not change it, reset it now.",
    "email-changed": _short_changed("email address"),
    "email-pending": _short_pending("email address"),
    "phone-changed": _short_changed("phone number"),
    "phone-pending": _short_pending("phone number"),
    "questions-changed": _short_changed("security questions"),
    "questions-pending": _short_pending("security questions"),
}
