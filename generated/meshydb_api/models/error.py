from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.rejected_document import RejectedDocument


T = TypeVar("T", bound="Error")


@_attrs_define
class Error:
    """Why a request was rejected. More members may be added over time.

    Attributes:
        message (str): One sentence for a person to read.
        code (str | Unset): The kind of error, for programs. Known codes are listed under **Errors** at the beginning of
            this document; more are added over time.
        error (str | Unset): Of token endpoints only. The kind of error, for programs (RFC 6749).
        error_description (str | Unset): Of token endpoints only. The same as `message`.
        results (list[RejectedDocument] | Unset): Of `bulk_invalid` only. The rejected documents in the order of the
            array, at most the first 100.
    """

    message: str
    code: str | Unset = UNSET
    error: str | Unset = UNSET
    error_description: str | Unset = UNSET
    results: list[RejectedDocument] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        message = self.message

        code = self.code

        error = self.error

        error_description = self.error_description

        results: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.results, Unset):
            results = []
            for results_item_data in self.results:
                results_item = results_item_data.to_dict()
                results.append(results_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "message": message,
            }
        )
        if code is not UNSET:
            field_dict["code"] = code
        if error is not UNSET:
            field_dict["error"] = error
        if error_description is not UNSET:
            field_dict["error_description"] = error_description
        if results is not UNSET:
            field_dict["results"] = results

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.rejected_document import RejectedDocument  # noqa: PLC0415

        d = dict(src_dict)
        message = d.pop("message")

        code = d.pop("code", UNSET)

        error = d.pop("error", UNSET)

        error_description = d.pop("error_description", UNSET)

        _results = d.pop("results", UNSET)
        results: list[RejectedDocument] | Unset = UNSET
        if _results is not UNSET:
            results = []
            for results_item_data in _results:
                results_item = RejectedDocument.from_dict(results_item_data)

                results.append(results_item)

        error = cls(
            message=message,
            code=code,
            error=error,
            error_description=error_description,
            results=results,
        )

        error.additional_properties = d
        return error

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
