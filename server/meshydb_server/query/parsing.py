"""From what a caller sent to trees: the entrances of the package for filters and updates."""

from __future__ import annotations

from meshydb_server.query.errors import Kind, Place
from meshydb_server.query.filters.building import FilterBuilder
from meshydb_server.query.filters.tree import Filter
from meshydb_server.query.syntax.reading import read, read_object
from meshydb_server.query.updates.building import build_update
from meshydb_server.query.updates.tree import Update


def parse_filter(source: object) -> Filter:
    """The filter that text or a mapping states. Raises QueryError. Ask `is_absent` first whether there is one."""
    place = Place(Kind.FILTER_INVALID)
    return FilterBuilder().document(read_object(source, place), place)


def parse_update(source: object) -> Update:
    """The update that text or a mapping states. Raises QueryError. Ask `is_absent` first whether there is one."""
    place = Place(Kind.UPDATE_INVALID)
    return build_update(read(source, place), place)
