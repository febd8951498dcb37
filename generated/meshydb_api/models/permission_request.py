from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="PermissionRequest")


@_attrs_define
class PermissionRequest:
    """The new values of a permission. At least one operation is true.

    Attributes:
        permissible_name (str): `meshes`, `projections`, `roles`, `users`, or `meshes.` and the name of a mesh, up to 64
            letters; the mesh need not exist yet. Not case-sensitive. `projections` supports only `read`.
        create (bool | None | str | Unset): Whether to permit this operation; by default false. Also accepts the texts
            `true` and `false`, in any case.
        update (bool | None | str | Unset): Whether to permit this operation; by default false. Also accepts the texts
            `true` and `false`, in any case.
        read (bool | None | str | Unset): Whether to permit this operation; by default false. Also accepts the texts
            `true` and `false`, in any case.
        delete (bool | None | str | Unset): Whether to permit this operation; by default false. Also accepts the texts
            `true` and `false`, in any case.
    """

    permissible_name: str
    create: bool | None | str | Unset = UNSET
    update: bool | None | str | Unset = UNSET
    read: bool | None | str | Unset = UNSET
    delete: bool | None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        permissible_name = self.permissible_name

        create: bool | None | str | Unset
        if isinstance(self.create, Unset):
            create = UNSET
        else:
            create = self.create

        update: bool | None | str | Unset
        if isinstance(self.update, Unset):
            update = UNSET
        else:
            update = self.update

        read: bool | None | str | Unset
        if isinstance(self.read, Unset):
            read = UNSET
        else:
            read = self.read

        delete: bool | None | str | Unset
        if isinstance(self.delete, Unset):
            delete = UNSET
        else:
            delete = self.delete

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "permissibleName": permissible_name,
            }
        )
        if create is not UNSET:
            field_dict["create"] = create
        if update is not UNSET:
            field_dict["update"] = update
        if read is not UNSET:
            field_dict["read"] = read
        if delete is not UNSET:
            field_dict["delete"] = delete

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        permissible_name = d.pop("permissibleName")

        def _parse_create(data: object) -> bool | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | str | Unset, data)

        create = _parse_create(d.pop("create", UNSET))

        def _parse_update(data: object) -> bool | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | str | Unset, data)

        update = _parse_update(d.pop("update", UNSET))

        def _parse_read(data: object) -> bool | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | str | Unset, data)

        read = _parse_read(d.pop("read", UNSET))

        def _parse_delete(data: object) -> bool | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | str | Unset, data)

        delete = _parse_delete(d.pop("delete", UNSET))

        permission_request = cls(
            permissible_name=permissible_name,
            create=create,
            update=update,
            read=read,
            delete=delete,
        )

        permission_request.additional_properties = d
        return permission_request

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
