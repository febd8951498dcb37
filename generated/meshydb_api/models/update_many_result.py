from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="UpdateManyResult")


@_attrs_define
class UpdateManyResult:
    """How many documents matched, and how many were changed.

    Attributes:
        is_acknowledged (bool): Always true.
        is_modified_count_available (bool): Always true.
        matched_count (int): How many documents matched the filter.
        modified_count (int): How many of them were changed.
        upserted_id (None): Always null. An update creates no documents.
    """

    is_acknowledged: bool
    is_modified_count_available: bool
    matched_count: int
    modified_count: int
    upserted_id: None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        is_acknowledged = self.is_acknowledged

        is_modified_count_available = self.is_modified_count_available

        matched_count = self.matched_count

        modified_count = self.modified_count

        upserted_id = self.upserted_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "isAcknowledged": is_acknowledged,
                "isModifiedCountAvailable": is_modified_count_available,
                "matchedCount": matched_count,
                "modifiedCount": modified_count,
                "upsertedId": upserted_id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        is_acknowledged = d.pop("isAcknowledged")

        is_modified_count_available = d.pop("isModifiedCountAvailable")

        matched_count = d.pop("matchedCount")

        modified_count = d.pop("modifiedCount")

        upserted_id = d.pop("upsertedId")

        update_many_result = cls(
            is_acknowledged=is_acknowledged,
            is_modified_count_available=is_modified_count_available,
            matched_count=matched_count,
            modified_count=modified_count,
            upserted_id=upserted_id,
        )

        update_many_result.additional_properties = d
        return update_many_result

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
