from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="UserPasswordUpdate")


@_attrs_define
class UserPasswordUpdate:
    """Changes a password.

    Attributes:
        previous_password (str): The present password.
        new_password (str): Any characters but NUL. Must be neither one of the most common passwords nor the username.
    """

    previous_password: str = _attrs_field(repr=False)
    new_password: str = _attrs_field(repr=False)
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        previous_password = self.previous_password

        new_password = self.new_password

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "previousPassword": previous_password,
                "newPassword": new_password,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        previous_password = d.pop("previousPassword")

        new_password = d.pop("newPassword")

        user_password_update = cls(
            previous_password=previous_password,
            new_password=new_password,
        )

        user_password_update.additional_properties = d
        return user_password_update

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
