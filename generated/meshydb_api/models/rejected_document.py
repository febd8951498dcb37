from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="RejectedDocument")


@_attrs_define
class RejectedDocument:
    """Why a document of an array was rejected.

    Attributes:
        index (int): The position in the array, counted from 0.
        status (int): The status that the document alone would have had.
        message (str): One sentence for a person to read.
        code (str): The kind of error, such as `property_invalid` or `document_exists`.
    """

    index: int
    status: int
    message: str
    code: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        index = self.index

        status = self.status

        message = self.message

        code = self.code

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "index": index,
                "status": status,
                "message": message,
                "code": code,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        index = d.pop("index")

        status = d.pop("status")

        message = d.pop("message")

        code = d.pop("code")

        rejected_document = cls(
            index=index,
            status=status,
            message=message,
            code=code,
        )

        rejected_document.additional_properties = d
        return rejected_document

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
