from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.security_question import SecurityQuestion


T = TypeVar("T", bound="UserSecurityQuestionUpdate")


@_attrs_define
class UserSecurityQuestionUpdate:
    """Replaces security questions.

    Attributes:
        security_questions (list[SecurityQuestion]): The new questions.
        previous_password (None | str | Unset): For the caller's own id, proves the password, so that the change takes
            effect immediately. Not needed shortly after a login, or if the change may be pending. A wrong one is rejected,
            and counts as a wrong password at login.
    """

    security_questions: list[SecurityQuestion]
    previous_password: None | str | Unset = _attrs_field(default=UNSET, repr=False)
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        security_questions = []
        for security_questions_item_data in self.security_questions:
            security_questions_item = security_questions_item_data.to_dict()
            security_questions.append(security_questions_item)

        previous_password: None | str | Unset
        if isinstance(self.previous_password, Unset):
            previous_password = UNSET
        else:
            previous_password = self.previous_password

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "securityQuestions": security_questions,
            }
        )
        if previous_password is not UNSET:
            field_dict["previousPassword"] = previous_password

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.security_question import SecurityQuestion  # noqa: PLC0415

        d = dict(src_dict)
        security_questions = []
        _security_questions = d.pop("securityQuestions")
        for security_questions_item_data in _security_questions:
            security_questions_item = SecurityQuestion.from_dict(security_questions_item_data)

            security_questions.append(security_questions_item)

        def _parse_previous_password(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        previous_password = _parse_previous_password(d.pop("previousPassword", UNSET))

        user_security_question_update = cls(
            security_questions=security_questions,
            previous_password=previous_password,
        )

        user_security_question_update.additional_properties = d
        return user_security_question_update

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
