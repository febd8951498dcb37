from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.mesh_data import MeshData


T = TypeVar("T", bound="CreateManyResult")


@_attrs_define
class CreateManyResult:
    """Documents that were created.

    Attributes:
        created_count (int): How many documents were created.
        created_data (list[MeshData]): The documents, in the order in which they were given.
    """

    created_count: int
    created_data: list[MeshData]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        created_count = self.created_count

        created_data = []
        for created_data_item_data in self.created_data:
            created_data_item = created_data_item_data.to_dict()
            created_data.append(created_data_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "createdCount": created_count,
                "createdData": created_data,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.mesh_data import MeshData  # noqa: PLC0415

        d = dict(src_dict)
        created_count = d.pop("createdCount")

        created_data = []
        _created_data = d.pop("createdData")
        for created_data_item_data in _created_data:
            created_data_item = MeshData.from_dict(created_data_item_data)

            created_data.append(created_data_item)

        create_many_result = cls(
            created_count=created_count,
            created_data=created_data,
        )

        create_many_result.additional_properties = d
        return create_many_result

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
