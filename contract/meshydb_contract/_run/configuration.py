"""The configuration of schemathesis: schemathesis.toml, with the names that the server knows."""

# schemathesis leaves some of its types open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import tomllib
from typing import Any, Final

from schemathesis import Config

from meshydb_contract._contract.files import path_of
from meshydb_contract._deployment.target import Target
from meshydb_contract._deployment.transport import ca_bundle
from meshydb_contract._results.reports import paths_in
from meshydb_contract._run.options import Options

# What every server has permissions for. Random names would hardly ever be among them.
_PERMISSIBLES: Final = ("meshes", "meshes.task", "projections", "roles", "users")

# No path has this method of WebDAV. A path with many methods leaves few others to try, and the configuration file takes
# only methods that an OpenAPI document can have.
_NOBODYS_METHOD: Final = "copy"


def configure(target: Target, options: Options) -> Config:
    """Complete the configuration file for a target."""
    config = tomllib.loads(path_of("schemathesis.toml").read_text(encoding="utf-8"))
    known = {"accounts": [target.account], "permissibles": _PERMISSIBLES, **target.names}
    if target.tenant is not None:
        known["tenants"] = [target.tenant]
        config["headers"] = {"tenant": target.tenant}
    config["dictionaries"] = {kind: {"values": list(names)} for kind, names in known.items()}
    for section in [config, *config["operations"]]:
        bindings: dict[str, Any] = section.get("parameters", {})
        section["parameters"] = {name: each for name, each in bindings.items() if each["dictionary"] in known}
    if target.token is not None:
        config["auth"] = {"openapi": {"bearer": {"bearer": target.token}}}
    config["base-url"] = target.url
    if (certificates := ca_bundle()) is not None:
        config["tls-verify"] = certificates
    config["reports"] = _reports(options)
    given = {"seed": options.seed, "max-time": options.max_time, "rate-limit": options.rate_limit}
    config |= {name: value for name, value in given.items() if value is not None}
    if options.max_examples is not None:
        for generation in (config["generation"], config["phases"]["stateful"]["generation"]):
            generation["max-examples"] = options.max_examples
    completed = Config.from_dict(config)
    coverage = completed.projects.default.phases.coverage
    # A new set, because the one that is there belongs to schemathesis.
    coverage.unexpected_methods = {*coverage.unexpected_methods, _NOBODYS_METHOD}
    return completed


def _reports(options: Options) -> dict[str, Any]:
    folder = options.report
    if folder is None:
        return {}
    return {kind: {"path": str(path)} for kind, path in paths_in(folder).items()}
