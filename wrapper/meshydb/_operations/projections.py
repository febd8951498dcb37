"""Projections."""
# A generated module keeps the function that describes its request to itself, next to others that do I/O.
# ruff: noqa: SLF001
# pyright: reportPrivateUsage=false

from typing import Any

from attrs import field, frozen

from meshydb._config import Config
from meshydb._models import Page
from meshydb._models.fields import by
from meshydb._operations.meshes import DataQuery
from meshydb._operations.operation import Operation, or_unset, reader_of, tenant
from meshydb._validation import INT32_MAX, check_int, check_projection
from meshydb_api.api.projections import search_projection as search_projection_endpoint


@frozen(kw_only=True)
class ProjectionQuery(DataQuery):
    """Which results of a projection to search for."""

    name: str = field(validator=by(check_projection))


def search_projection(config: Config, query: ProjectionQuery, page: int) -> Operation[Page[dict[str, Any]]]:
    """Describe `GET /{accountName}/projections/{projectionName}`."""
    return Operation(
        operation_id="searchProjection",
        request=search_projection_endpoint._get_kwargs(
            config.account_name,
            query.name,
            filter_=or_unset(query.filter),
            order_by=or_unset(query.order_by),
            page=check_int("number", page, minimum=1, maximum=INT32_MAX),
            page_size=query.page_size,
            tenant=tenant(config),
        ),
        parse=reader_of(Page[dict[str, Any]], dict),
    )
