"""Our own server held against the contract, with knowledge from within: what `make contract` does."""
