from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.mesh_data import MeshData


T = TypeVar("T", bound="MeshDataPage")


@_attrs_define
class MeshDataPage:
    """A page of documents.

    Attributes:
        results (list[MeshData]): The documents of this page.
        page (int): The number of this page, counted from 1.
        page_size (int): The size of a page.
        total_records (int): The number of results on all pages.
    """

    results: list[MeshData]
    page: int
    page_size: int
    total_records: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        results = []
        for results_item_data in self.results:
            results_item = results_item_data.to_dict()
            results.append(results_item)

        page = self.page

        page_size = self.page_size

        total_records = self.total_records

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "results": results,
                "page": page,
                "pageSize": page_size,
                "totalRecords": total_records,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.mesh_data import MeshData  # noqa: PLC0415

        d = dict(src_dict)
        results = []
        _results = d.pop("results")
        for results_item_data in _results:
            results_item = MeshData.from_dict(results_item_data)

            results.append(results_item)

        page = d.pop("page")

        page_size = d.pop("pageSize")

        total_records = d.pop("totalRecords")

        mesh_data_page = cls(
            results=results,
            page=page,
            page_size=page_size,
            total_records=total_records,
        )

        mesh_data_page.additional_properties = d
        return mesh_data_page

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
