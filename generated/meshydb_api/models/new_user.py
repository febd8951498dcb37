from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.role_name import RoleName
    from ..models.security_question import SecurityQuestion


T = TypeVar("T", bound="NewUser")


@_attrs_define
class NewUser:
    """A new user.

    Attributes:
        username (str): Any characters but control characters. Compared without regard to case.
        new_password (str): Any characters but NUL. Must be neither one of the most common passwords nor the username.
        first_name (None | str | Unset): Any characters but control characters.
        last_name (None | str | Unset): Any characters but control characters.
        phone_number (None | str | Unset): In international format, `+` and up to 15 digits. Empty counts as absent.
        email_address (None | str | Unset): A name, `@` and a domain, in ASCII, without `=?`. Empty counts as absent.
        security_questions (list[SecurityQuestion] | None | Unset): Required in the verification mode `question`,
            optional in others.
        verified (bool | None | Unset): Whether the user counts as verified; by default false.
        is_active (bool | None | Unset): Whether the user may log in; by default false.
        roles (list[RoleName] | None | Unset): Roles to give to the user, besides `meshy.user`.
    """

    username: str
    new_password: str = _attrs_field(repr=False)
    first_name: None | str | Unset = UNSET
    last_name: None | str | Unset = UNSET
    phone_number: None | str | Unset = UNSET
    email_address: None | str | Unset = UNSET
    security_questions: list[SecurityQuestion] | None | Unset = UNSET
    verified: bool | None | Unset = UNSET
    is_active: bool | None | Unset = UNSET
    roles: list[RoleName] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        username = self.username

        new_password = self.new_password

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

        security_questions: list[dict[str, Any]] | None | Unset
        if isinstance(self.security_questions, Unset):
            security_questions = UNSET
        elif isinstance(self.security_questions, list):
            security_questions = []
            for (
                componentsschemas_given_security_questions_type_0_item_data
            ) in self.security_questions:
                componentsschemas_given_security_questions_type_0_item = (
                    componentsschemas_given_security_questions_type_0_item_data.to_dict()
                )
                security_questions.append(componentsschemas_given_security_questions_type_0_item)

        else:
            security_questions = self.security_questions

        verified: bool | None | Unset
        if isinstance(self.verified, Unset):
            verified = UNSET
        else:
            verified = self.verified

        is_active: bool | None | Unset
        if isinstance(self.is_active, Unset):
            is_active = UNSET
        else:
            is_active = self.is_active

        roles: list[dict[str, Any]] | None | Unset
        if isinstance(self.roles, Unset):
            roles = UNSET
        elif isinstance(self.roles, list):
            roles = []
            for roles_type_0_item_data in self.roles:
                roles_type_0_item = roles_type_0_item_data.to_dict()
                roles.append(roles_type_0_item)

        else:
            roles = self.roles

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "username": username,
                "newPassword": new_password,
            }
        )
        if first_name is not UNSET:
            field_dict["firstName"] = first_name
        if last_name is not UNSET:
            field_dict["lastName"] = last_name
        if phone_number is not UNSET:
            field_dict["phoneNumber"] = phone_number
        if email_address is not UNSET:
            field_dict["emailAddress"] = email_address
        if security_questions is not UNSET:
            field_dict["securityQuestions"] = security_questions
        if verified is not UNSET:
            field_dict["verified"] = verified
        if is_active is not UNSET:
            field_dict["isActive"] = is_active
        if roles is not UNSET:
            field_dict["roles"] = roles

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.role_name import RoleName  # noqa: PLC0415
        from ..models.security_question import SecurityQuestion  # noqa: PLC0415

        d = dict(src_dict)
        username = d.pop("username")

        new_password = d.pop("newPassword")

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

        def _parse_security_questions(data: object) -> list[SecurityQuestion] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                componentsschemas_given_security_questions_type_0 = []
                _componentsschemas_given_security_questions_type_0 = data
                for (
                    componentsschemas_given_security_questions_type_0_item_data
                ) in _componentsschemas_given_security_questions_type_0:
                    componentsschemas_given_security_questions_type_0_item = (
                        SecurityQuestion.from_dict(
                            componentsschemas_given_security_questions_type_0_item_data
                        )
                    )

                    componentsschemas_given_security_questions_type_0.append(
                        componentsschemas_given_security_questions_type_0_item
                    )

                return componentsschemas_given_security_questions_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[SecurityQuestion] | None | Unset, data)

        security_questions = _parse_security_questions(d.pop("securityQuestions", UNSET))

        def _parse_verified(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        verified = _parse_verified(d.pop("verified", UNSET))

        def _parse_is_active(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        is_active = _parse_is_active(d.pop("isActive", UNSET))

        def _parse_roles(data: object) -> list[RoleName] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                roles_type_0 = []
                _roles_type_0 = data
                for roles_type_0_item_data in _roles_type_0:
                    roles_type_0_item = RoleName.from_dict(roles_type_0_item_data)

                    roles_type_0.append(roles_type_0_item)

                return roles_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[RoleName] | None | Unset, data)

        roles = _parse_roles(d.pop("roles", UNSET))

        new_user = cls(
            username=username,
            new_password=new_password,
            first_name=first_name,
            last_name=last_name,
            phone_number=phone_number,
            email_address=email_address,
            security_questions=security_questions,
            verified=verified,
            is_active=is_active,
            roles=roles,
        )

        new_user.additional_properties = d
        return new_user

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
