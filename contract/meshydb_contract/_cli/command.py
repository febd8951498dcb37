"""Tests a MeshyDB server against the contract of its REST API.

Exits with 0 if the server conforms, 1 if it does not, 2 if it could not be tested, and 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from attrs import evolve

from meshydb_contract._cli.arguments import make_parser
from meshydb_contract._cli.summary import HELPER, SECOND, TOKEN, lines
from meshydb_contract._deployment.commands import clock_of, codes_from
from meshydb_contract._deployment.deployment import Deployment, Tenant
from meshydb_contract._deployment.probe import is_loopback, probe
from meshydb_contract._deployment.target import CannotTestError, Target
from meshydb_contract._run.options import Options
from meshydb_contract._run.run import run

if TYPE_CHECKING:
    pass


_WARNING: Final = (
    "{} is not this machine. The test registers users and requests verification codes, which are sent. With an access"
    " token, it also creates, changes and deletes users, roles and documents. To run it, add --yes."
)


def main(arguments: Sequence[str]) -> int:
    """Run the command line; returns the exit code."""
    parser = make_parser(__doc__)
    given = parser.parse_args(arguments)
    if (given.second_public_key or os.environ.get(SECOND)) and not given.second_tenant:
        parser.error(f"--second-public-key and {SECOND} need --second-tenant")
    if given.second_tenant and (
        given.second_tenant == given.tenant or (given.public_key and given.public_key == given.second_public_key)
    ):
        parser.error("--second-tenant must name another tenant than the first, with a public key of its own")
    if not given.yes and not all(is_loopback(url) for url in (given.url, given.auth_url) if url):
        return _reject(_WARNING.format(given.url if not is_loopback(given.url) else given.auth_url))
    names = {"usernames": given.username, "publicKeys": given.public_key, "projections": given.projection}
    target = Target(
        given.url.rstrip("/"),
        given.account,
        given.tenant,
        given.auth_url and given.auth_url.rstrip("/"),
        os.environ.get(TOKEN) or None,
        {kind: [name] for kind, name in names.items() if name},
        given.proxy,
    )
    options = Options(
        seed=given.seed,
        max_time=given.max_time,
        max_examples=given.max_examples,
        rate_limit=given.rate_limit,
        operations=given.operation,
        # With selected operations, no scenarios run.
        scenarios=not given.operation,
        require_all=given.require_all,
        report=given.report,
    )
    try:
        _probe(target, given)
        verdict = run(target, options, deployment=_deployment_of(target, given))
    except CannotTestError as error:
        return _reject(str(error))
    print()
    print(*lines(verdict), sep="\n")
    return verdict.exit_code


def _probe(target: Target, given: argparse.Namespace) -> None:
    """Raise CannotTestError for a wrong option or token, which would otherwise look like a fault of the server."""
    probe(target, TOKEN)
    if helper := os.environ.get(HELPER):
        probe(evolve(target, token=helper, names={}), HELPER)
    if given.second_tenant:
        keys = {"publicKeys": [given.second_public_key]} if given.second_public_key else {}
        token = os.environ.get(SECOND) or None
        probe(evolve(target, tenant=given.second_tenant, token=token, names=keys), SECOND)


def _deployment_of(target: Target, given: argparse.Namespace) -> Deployment:
    (public_key,) = target.names.get("publicKeys", [None])
    tenants = [Tenant(target.tenant, public_key, target.token, os.environ.get(HELPER) or None)]
    if given.second_tenant:
        token = os.environ.get(SECOND) or None
        tenants.append(Tenant(given.second_tenant, given.second_public_key, token))
    return Deployment(
        url=target.url,
        account=target.account,
        auth_url=target.auth_url,
        tenants=tenants,
        newest_code=given.codes_from and codes_from(given.codes_from),
        clock_at=given.set_clock and clock_of(given.set_clock),
        projection=given.projection,
        proxy=target.proxy,
    )


def _reject(message: str) -> int:
    print(f"meshydb-contract: {message}", file=sys.stderr)
    return 2
