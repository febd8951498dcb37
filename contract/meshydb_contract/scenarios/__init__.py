"""Scenarios: short sequences of requests that test what no single response shows.

They use the contract, the responses, and the values that the operator passes. A scenario that needs more is skipped.
"""

from __future__ import annotations

from meshydb_contract.scenarios._runner import SCENARIOS, Scenario, run_scenario, run_scenarios

__all__ = ["SCENARIOS", "Scenario", "run_scenario", "run_scenarios"]
