"""The server held against the contract, by schemathesis."""
