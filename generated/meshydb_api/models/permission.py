from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Permission")


@_attrs_define
class Permission:
    """What a role permits on one permissible.

    Attributes:
        id (str): 24 hexadecimal digits.
        permissible_name (str): What the permission is for, in lower case.
        create (bool): Whether it permits to create.
        update (bool): Whether it permits to change.
        read (bool): Whether it permits to read.
        delete (bool): Whether it permits to delete.
    """

    id: str
    permissible_name: str
    create: bool
    update: bool
    read: bool
    delete: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        permissible_name = self.permissible_name

        create = self.create

        update = self.update

        read = self.read

        delete = self.delete

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "permissibleName": permissible_name,
                "create": create,
                "update": update,
                "read": read,
                "delete": delete,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        permissible_name = d.pop("permissibleName")

        create = d.pop("create")

        update = d.pop("update")

        read = d.pop("read")

        delete = d.pop("delete")

        permission = cls(
            id=id,
            permissible_name=permissible_name,
            create=create,
            update=update,
            read=read,
            delete=delete,
        )

        permission.additional_properties = d
        return permission

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
