from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="UserVerificationHash")


@_attrs_define
class UserVerificationHash:
    """A request for a password reset, or a registration. Send it back unchanged with the code.

    Attributes:
        username (str): Any characters but control characters. Compared without regard to case.
        attempt (int): The number of this request, counted from 1.
        hash_ (str): Opaque. Links this request with its completion; useless without the verification code.
        expires (datetime.datetime): In UTC with milliseconds.
        hint (str): Helps the user to recognise the request: the masked address that the code was sent to, or the
            security question to answer. `xxxx` means that there is no address, or that the operator of the server hides
            which users exist.
    """

    username: str
    attempt: int
    hash_: str = _attrs_field(repr=False)
    expires: datetime.datetime
    hint: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        username = self.username

        attempt = self.attempt

        hash_ = self.hash_

        expires = self.expires.isoformat()

        hint = self.hint

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "username": username,
                "attempt": attempt,
                "hash": hash_,
                "expires": expires,
                "hint": hint,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        username = d.pop("username")

        attempt = d.pop("attempt")

        hash_ = d.pop("hash")

        expires = datetime.datetime.fromisoformat(d.pop("expires"))

        hint = d.pop("hint")

        user_verification_hash = cls(
            username=username,
            attempt=attempt,
            hash_=hash_,
            expires=expires,
            hint=hint,
        )

        user_verification_hash.additional_properties = d
        return user_verification_hash

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
