"""What messages to users say.

Anybody can have one sent to anybody, by registering. So nothing in them is of their making: no username, and no name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from attrs import field, frozen

Kind = Literal["reset", "register", "password-changed"]


@frozen(kw_only=True)
class Letter:
    """What a delivery sends. There is no code in a message that only tells of something."""

    message_id: str
    kind: Kind
    recipient: str
    account: str
    code: str | None = field(default=None, repr=False)
    expires: datetime

    @property
    def subject(self) -> str:
        """One line."""
        return _SUBJECTS[self.kind]

    @property
    def text(self) -> str:
        """The whole message, as an email has it."""
        return self._fill(_TEXTS[self.kind])

    @property
    def short_text(self) -> str:
        """The message, as a telephone has it."""
        return self._fill(_SHORT_TEXTS[self.kind])

    def _fill(self, template: str) -> str:
        return template.format(account=self.account, code=self.code, expires=self.expires)


_SUBJECTS: Final[Mapping[Kind, str]] = {
    "reset": "Your verification code",
    "register": "Your verification code",
    "password-changed": "Your password was changed",
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
Your password at {account} was changed with a verification code, and all logins were ended.

If it was not you who changed it, somebody reads your messages: secure them first, then reset your password.
""",
}

_SHORT_TEXTS: Final[Mapping[Kind, str]] = {
    "reset": "{code} is your verification code for {account}. Do not share it.",
    "register": "{code} is your verification code for {account}. Do not share it.",
    "password-changed": "Your password at {account} was changed. If it was not you, reset it now.",
}
