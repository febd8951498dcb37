from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.role_name import RoleName


T = TypeVar("T", bound="SelfUpdate")


@_attrs_define
class SelfUpdate:
    """New values of the user who is logged in.

    Attributes:
        username (None | str | Unset): May be present, but must not differ. Empty counts as absent.
        first_name (None | str | Unset): Any characters but control characters.
        last_name (None | str | Unset): Any characters but control characters.
        phone_number (None | str | Unset): In international format, `+` and up to 15 digits. Empty counts as absent.
        email_address (None | str | Unset): A name, `@` and a domain, in ASCII, without `=?`. Empty counts as absent.
        roles (list[RoleName] | None | Unset): May be present, but must not differ.
        previous_password (None | str | Unset): Proves the password, so that the change takes effect immediately. Not
            needed shortly after a login, or if the change may be pending. A wrong one is rejected, and counts as a wrong
            password at login.
    """

    username: None | str | Unset = UNSET
    first_name: None | str | Unset = UNSET
    last_name: None | str | Unset = UNSET
    phone_number: None | str | Unset = UNSET
    email_address: None | str | Unset = UNSET
    roles: list[RoleName] | None | Unset = UNSET
    previous_password: None | str | Unset = _attrs_field(default=UNSET, repr=False)
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        username: None | str | Unset
        if isinstance(self.username, Unset):
            username = UNSET
        else:
            username = self.username

        first_name: None | str | Unset
        if isinstance(self.first_name, Unset):
            first_name = UNSET
        else:
            first_name = self.first_name

        last_name: None | str | Unset
        if isinstance(self.last_name, Unset):
            last_name = UNSET
        else:
            last_name = self.last_name

        phone_number: None | str | Unset
        if isinstance(self.phone_number, Unset):
            phone_number = UNSET
        else:
            phone_number = self.phone_number

        email_address: None | str | Unset
        if isinstance(self.email_address, Unset):
            email_address = UNSET
        else:
            email_address = self.email_address

        roles: list[dict[str, Any]] | None | Unset
        if isinstance(self.roles, Unset):
            roles = UNSET
        elif isinstance(self.roles, list):
            roles = []
            for componentsschemas_same_roles_type_0_item_data in self.roles:
                componentsschemas_same_roles_type_0_item = (
                    componentsschemas_same_roles_type_0_item_data.to_dict()
                )
                roles.append(componentsschemas_same_roles_type_0_item)

        else:
            roles = self.roles

        previous_password: None | str | Unset
        if isinstance(self.previous_password, Unset):
            previous_password = UNSET
        else:
            previous_password = self.previous_password

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if username is not UNSET:
            field_dict["username"] = username
        if first_name is not UNSET:
            field_dict["firstName"] = first_name
        if last_name is not UNSET:
            field_dict["lastName"] = last_name
        if phone_number is not UNSET:
            field_dict["phoneNumber"] = phone_number
        if email_address is not UNSET:
            field_dict["emailAddress"] = email_address
        if roles is not UNSET:
            field_dict["roles"] = roles
        if previous_password is not UNSET:
            field_dict["previousPassword"] = previous_password

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.role_name import RoleName  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_username(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        username = _parse_username(d.pop("username", UNSET))

        def _parse_first_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        first_name = _parse_first_name(d.pop("firstName", UNSET))

        def _parse_last_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        last_name = _parse_last_name(d.pop("lastName", UNSET))

        def _parse_phone_number(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        phone_number = _parse_phone_number(d.pop("phoneNumber", UNSET))

        def _parse_email_address(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        email_address = _parse_email_address(d.pop("emailAddress", UNSET))

        def _parse_roles(data: object) -> list[RoleName] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                componentsschemas_same_roles_type_0 = []
                _componentsschemas_same_roles_type_0 = data
                for (
                    componentsschemas_same_roles_type_0_item_data
                ) in _componentsschemas_same_roles_type_0:
                    componentsschemas_same_roles_type_0_item = RoleName.from_dict(
                        componentsschemas_same_roles_type_0_item_data
                    )

                    componentsschemas_same_roles_type_0.append(
                        componentsschemas_same_roles_type_0_item
                    )

                return componentsschemas_same_roles_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[RoleName] | None | Unset, data)

        roles = _parse_roles(d.pop("roles", UNSET))

        def _parse_previous_password(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        previous_password = _parse_previous_password(d.pop("previousPassword", UNSET))

        self_update = cls(
            username=username,
            first_name=first_name,
            last_name=last_name,
            phone_number=phone_number,
            email_address=email_address,
            roles=roles,
            previous_password=previous_password,
        )

        self_update.additional_properties = d
        return self_update

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
