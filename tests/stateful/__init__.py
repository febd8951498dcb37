"""Journeys through the API, along the links of the contract."""
