"""Pairs of documents, each of which differs in one thing."""

from __future__ import annotations

from typing import Final

from tests.contract_diff.pairs import operations, responses, security

PAIRS: Final = {**operations.PAIRS, **responses.PAIRS, **security.PAIRS}
