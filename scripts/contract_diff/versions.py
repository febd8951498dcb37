"""Decides by Semantic Versioning whether the new version allows breaking changes."""

from __future__ import annotations

import re
from typing import Final, NamedTuple, Self

from contract_diff.errors import UsageError

_FORM: Final = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")


class Version(NamedTuple):
    """The relevant parts of an `info.version`."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: object) -> Self:
        """Parse a version."""
        match = _FORM.fullmatch(str(text))
        if match is None:
            raise UsageError(f"info.version is {text!r}, which is no semantic version, such as 1.4.0.")
        return cls(int(match[1]), int(match[2]))


def may_break(old: Version, new: Version) -> tuple[bool, str]:
    """Whether the step from one version to another allows breaking changes, and why."""
    if new.major > old.major:
        return True, "a new major version may break clients"
    if old.major == new.major == 0:
        # SemVer 2.0.0, 4: before 1.0.0 anything may change. Here, a new minor version announces it.
        return new.minor > old.minor, "before 1.0.0, a new minor version may break clients, and nothing less"
    return False, "only a new major version may break clients"
