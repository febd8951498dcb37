from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Permissible")


@_attrs_define
class Permissible:
    """What a permission can be for, and the operations that it supports.

    Attributes:
        name (str): The name, in lower case.
        can_create (bool): Whether a permission can include `create`.
        can_update (bool): Whether a permission can include `update`.
        can_read (bool): Whether a permission can include `read`.
        can_delete (bool): Whether a permission can include `delete`.
    """

    name: str
    can_create: bool
    can_update: bool
    can_read: bool
    can_delete: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        can_create = self.can_create

        can_update = self.can_update

        can_read = self.can_read

        can_delete = self.can_delete

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
                "canCreate": can_create,
                "canUpdate": can_update,
                "canRead": can_read,
                "canDelete": can_delete,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        can_create = d.pop("canCreate")

        can_update = d.pop("canUpdate")

        can_read = d.pop("canRead")

        can_delete = d.pop("canDelete")

        permissible = cls(
            name=name,
            can_create=can_create,
            can_update=can_update,
            can_read=can_read,
            can_delete=can_delete,
        )

        permissible.additional_properties = d
        return permissible

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
