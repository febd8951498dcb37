from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.security_question_hash import SecurityQuestionHash
    from ..models.user_role import UserRole


T = TypeVar("T", bound="User")


@_attrs_define
class User:
    """A user.

    Attributes:
        id (str): 24 hexadecimal digits.
        username (str): Any characters but control characters. Compared without regard to case.
        first_name (None | str): The given name.
        last_name (None | str): The family name.
        verified (bool): Whether the user has proved the address or number by which the tenant verifies users, or a
            caller has declared them verified.
        is_active (bool): Whether the user may log in.
        phone_number (None | str): In international format.
        email_address (None | str): The address for verification codes in the mode `email`.
        roles (list[UserRole]): The roles of the user; empty for anonymous users.
        security_questions (list[SecurityQuestionHash]): The security questions of the user, in order; empty for
            anonymous users.
        anonymous (bool): Whether the user is anonymous, and so has no password.
        last_accessed (datetime.datetime | None): When the user last got a token, in UTC with milliseconds. Before that,
            null, or the time of registration of an anonymous user.
    """

    id: str
    username: str
    first_name: None | str
    last_name: None | str
    verified: bool
    is_active: bool
    phone_number: None | str
    email_address: None | str
    roles: list[UserRole]
    security_questions: list[SecurityQuestionHash]
    anonymous: bool
    last_accessed: datetime.datetime | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        username = self.username

        first_name: None | str
        first_name = self.first_name

        last_name: None | str
        last_name = self.last_name

        verified = self.verified

        is_active = self.is_active

        phone_number: None | str
        phone_number = self.phone_number

        email_address: None | str
        email_address = self.email_address

        roles = []
        for roles_item_data in self.roles:
            roles_item = roles_item_data.to_dict()
            roles.append(roles_item)

        security_questions = []
        for security_questions_item_data in self.security_questions:
            security_questions_item = security_questions_item_data.to_dict()
            security_questions.append(security_questions_item)

        anonymous = self.anonymous

        last_accessed: None | str
        if isinstance(self.last_accessed, datetime.datetime):
            last_accessed = self.last_accessed.isoformat()
        else:
            last_accessed = self.last_accessed

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "username": username,
                "firstName": first_name,
                "lastName": last_name,
                "verified": verified,
                "isActive": is_active,
                "phoneNumber": phone_number,
                "emailAddress": email_address,
                "roles": roles,
                "securityQuestions": security_questions,
                "anonymous": anonymous,
                "lastAccessed": last_accessed,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.security_question_hash import SecurityQuestionHash  # noqa: PLC0415
        from ..models.user_role import UserRole  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        username = d.pop("username")

        def _parse_first_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        first_name = _parse_first_name(d.pop("firstName"))

        def _parse_last_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        last_name = _parse_last_name(d.pop("lastName"))

        verified = d.pop("verified")

        is_active = d.pop("isActive")

        def _parse_phone_number(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        phone_number = _parse_phone_number(d.pop("phoneNumber"))

        def _parse_email_address(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        email_address = _parse_email_address(d.pop("emailAddress"))

        roles = []
        _roles = d.pop("roles")
        for roles_item_data in _roles:
            roles_item = UserRole.from_dict(roles_item_data)

            roles.append(roles_item)

        security_questions = []
        _security_questions = d.pop("securityQuestions")
        for security_questions_item_data in _security_questions:
            security_questions_item = SecurityQuestionHash.from_dict(security_questions_item_data)

            security_questions.append(security_questions_item)

        anonymous = d.pop("anonymous")

        def _parse_last_accessed(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_accessed_type_0 = datetime.datetime.fromisoformat(data)

                return last_accessed_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_accessed = _parse_last_accessed(d.pop("lastAccessed"))

        user = cls(
            id=id,
            username=username,
            first_name=first_name,
            last_name=last_name,
            verified=verified,
            is_active=is_active,
            phone_number=phone_number,
            email_address=email_address,
            roles=roles,
            security_questions=security_questions,
            anonymous=anonymous,
            last_accessed=last_accessed,
        )

        user.additional_properties = d
        return user

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
