from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.query_document import QueryDocument


T = TypeVar("T", bound="UpdateManyRequest")


@_attrs_define
class UpdateManyRequest:
    """Which documents to change, and how.

    Attributes:
        filter_ (QueryDocument | str): A filter, as text or as an object; `{}` means all documents. Blank text,
            `undefined` and `null` count as absent.
        update (QueryDocument | str): An update, as text or as an object. Blank text, `undefined` and `null` count as
            absent.
    """

    filter_: QueryDocument | str
    update: QueryDocument | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        from ..models.query_document import QueryDocument  # noqa: PLC0415

        filter_: dict[str, Any] | str
        if isinstance(self.filter_, QueryDocument):
            filter_ = self.filter_.to_dict()
        else:
            filter_ = self.filter_

        update: dict[str, Any] | str
        if isinstance(self.update, QueryDocument):
            update = self.update.to_dict()
        else:
            update = self.update

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "filter": filter_,
                "update": update,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.query_document import QueryDocument  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_filter_(data: object) -> QueryDocument | str:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                filter_type_1 = QueryDocument.from_dict(data)

                return filter_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(QueryDocument | str, data)

        filter_ = _parse_filter_(d.pop("filter"))

        def _parse_update(data: object) -> QueryDocument | str:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                update_type_1 = QueryDocument.from_dict(data)

                return update_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(QueryDocument | str, data)

        update = _parse_update(d.pop("update"))

        update_many_request = cls(
            filter_=filter_,
            update=update,
        )

        update_many_request.additional_properties = d
        return update_many_request

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
