from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="DeleteManyResult")


@_attrs_define
class DeleteManyResult:
    """How many documents were deleted.

    Attributes:
        deleted_count (int): How many documents matched the filter and were deleted.
        is_acknowledged (bool): Always true.
    """

    deleted_count: int
    is_acknowledged: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        deleted_count = self.deleted_count

        is_acknowledged = self.is_acknowledged

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "deletedCount": deleted_count,
                "isAcknowledged": is_acknowledged,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        deleted_count = d.pop("deletedCount")

        is_acknowledged = d.pop("isAcknowledged")

        delete_many_result = cls(
            deleted_count=deleted_count,
            is_acknowledged=is_acknowledged,
        )

        delete_many_result.additional_properties = d
        return delete_many_result

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
