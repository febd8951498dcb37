"""Short stories that no single answer tells: what one request has done must hold for those that come after it.

They know the contract, the answers, and what the operator hands in. A story for which that is not enough says so.
"""

from __future__ import annotations

from meshydb_contract.scenarios._runner import SCENARIOS, Scenario, run_scenario, run_scenarios

__all__ = ["SCENARIOS", "Scenario", "run_scenario", "run_scenarios"]
