from __future__ import annotations

from collections.abc import Mapping
from typing import (
    Any,
    Literal,
    TypeVar,
    cast,
)

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="PasswordGrant")


@_attrs_define
class PasswordGrant:
    """Logs a user in.

    Attributes:
        client_id (str): The public key of the tenant.
        grant_type (Literal['password']): The type of the grant.
        username (str): The user.
        password (str): The password of the user, `nopassword` for an anonymous one.
        client_secret (str | Unset): Ignored. The official SDKs send it empty.
        scope (str | Unset): Any of `meshy.api`, `offline_access` (for a refresh token) and `openid`, separated by
            spaces; absent means all.
    """

    client_id: str
    grant_type: Literal["password"]
    username: str
    password: str = _attrs_field(repr=False)
    client_secret: str | Unset = UNSET
    scope: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        client_id = self.client_id

        grant_type = self.grant_type

        username = self.username

        password = self.password

        client_secret = self.client_secret

        scope = self.scope

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "client_id": client_id,
                "grant_type": grant_type,
                "username": username,
                "password": password,
            }
        )
        if client_secret is not UNSET:
            field_dict["client_secret"] = client_secret
        if scope is not UNSET:
            field_dict["scope"] = scope

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        client_id = d.pop("client_id")

        grant_type = cast(Literal["password"], d.pop("grant_type"))
        if grant_type != "password":
            raise ValueError(f"grant_type must match const 'password', got '{grant_type}'")

        username = d.pop("username")

        password = d.pop("password")

        client_secret = d.pop("client_secret", UNSET)

        scope = d.pop("scope", UNSET)

        password_grant = cls(
            client_id=client_id,
            grant_type=grant_type,
            username=username,
            password=password,
            client_secret=client_secret,
            scope=scope,
        )

        password_grant.additional_properties = d
        return password_grant

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
