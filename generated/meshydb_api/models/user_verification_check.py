from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="UserVerificationCheck")


@_attrs_define
class UserVerificationCheck:
    """A verification code, with the response to the request.

    Attributes:
        username (str): Any characters but control characters. Compared without regard to case.
        hash_ (str): The hash of the request.
        expires (datetime.datetime): When the request expires, as in the response. Compared as a point in time, to the
            millisecond. In the years 1000 to 2999, with at most nine fractional digits and without leap seconds.
        verification_code (str): The code that the user received, or the answer to the security question.
        attempt (int | None | Unset): The attempt of the request. 0 or absent: the one that the hash was made for.
        hint (None | str | Unset): The hint of the request. Ignored.
    """

    username: str
    hash_: str = _attrs_field(repr=False)
    expires: datetime.datetime
    verification_code: str = _attrs_field(repr=False)
    attempt: int | None | Unset = UNSET
    hint: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        username = self.username

        hash_ = self.hash_

        expires = self.expires.isoformat()

        verification_code = self.verification_code

        attempt: int | None | Unset
        if isinstance(self.attempt, Unset):
            attempt = UNSET
        else:
            attempt = self.attempt

        hint: None | str | Unset
        if isinstance(self.hint, Unset):
            hint = UNSET
        else:
            hint = self.hint

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "username": username,
                "hash": hash_,
                "expires": expires,
                "verificationCode": verification_code,
            }
        )
        if attempt is not UNSET:
            field_dict["attempt"] = attempt
        if hint is not UNSET:
            field_dict["hint"] = hint

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        username = d.pop("username")

        hash_ = d.pop("hash")

        expires = datetime.datetime.fromisoformat(d.pop("expires"))

        verification_code = d.pop("verificationCode")

        def _parse_attempt(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        attempt = _parse_attempt(d.pop("attempt", UNSET))

        def _parse_hint(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        hint = _parse_hint(d.pop("hint", UNSET))

        user_verification_check = cls(
            username=username,
            hash_=hash_,
            expires=expires,
            verification_code=verification_code,
            attempt=attempt,
            hint=hint,
        )

        user_verification_check.additional_properties = d
        return user_verification_check

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
