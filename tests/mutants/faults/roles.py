"""Faults in roles: their names, their users, and what nobody can do to them."""

from __future__ import annotations

from typing import Final

from tests.mutants.table import Table

TABLE: Final = Table()
