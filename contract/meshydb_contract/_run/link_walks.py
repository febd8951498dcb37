"""Walks along the links that random chains did not follow: a valid request, and the one that the link leads to."""

from __future__ import annotations

import time
from typing import Any, Final

from meshydb_contract._contract.links import Link
from meshydb_contract._contract.operations import permissions
from meshydb_contract._deployment.deployment import Deployment
from meshydb_contract._deployment.transport import Transport
from meshydb_contract._results.verdict import NO_TIME, SUCCESS, Verdict
from meshydb_contract._run.fallback_requests import NO_VERIFICATION, REQUESTS, rejection, valid_body
from meshydb_contract.scenarios import Scenario, run_scenario
from meshydb_contract.scenarios._context.context import PASSWORD, QUESTION, Context
from meshydb_contract.scenarios._context.responses import ApiResponse, SkippedError

# What the contract's links say for values that no response contains.
_CODE: Final = "the code"
_PUBLIC_KEY: Final = "the public key"
_PASSWORD: Final = "the password"  # noqa: S105 - stands for one
_NEED_RIGHT_CODE: Final = frozenset({"resetPassword", "verifyUser"})


def walk_links(verdict: Verdict, deployment: Deployment, transport: Transport) -> None:
    """Walk along each link without a success, about users, roles and documents that the walk creates and deletes."""
    for link in verdict.unfollowed_links:
        if time.monotonic() >= transport.retry_budget.deadline:
            verdict.link_failures[link.name] = NO_TIME
            continue
        result = run_scenario(link.name, _walk(link, verdict), deployment, transport)
        if result.finding is not None:
            verdict.add_finding(result.finding)
        elif result.skipped is not None:
            verdict.link_failures[link.name] = result.skipped
        verdict.add_successes(result.responses)


def _walk(link: Link, verdict: Verdict) -> Scenario:
    """Return a scenario that follows a link once, and records the status in the verdict."""

    def follow(context: Context) -> None:
        if link.target in _NEED_RIGHT_CODE:
            context.require_codes()
        if link.target == "requestToken":
            context.public_key(context.tenant)
        # No username of the operator: a walk may change only users of its own.
        source = REQUESTS[link.source](context, None)
        if source.status != link.status:
            is_registered = link.source == "registerUser" and source.status in SUCCESS
            raise SkippedError(NO_VERIFICATION if is_registered else rejection(source))
        response = _call_target(link, source, context)
        verdict.links[link.full_name, response.status] += 1
        if response.status not in SUCCESS:
            raise SkippedError(rejection(response))

    return follow


def _call_target(link: Link, source: ApiResponse, context: Context) -> ApiResponse:
    """Call the operation that a link leads to, with the values of the link and what no response contains."""
    try:
        values = link.values(source.exchange.case, source.exchange.response)
    except LookupError as error:
        raise SkippedError(f"could not be followed: {error}") from error
    body = valid_body(link.target, context) if values.body is None else _completed(values.body, context)
    token = context.admin_token(context.tenant) if link.target in permissions() else None
    return context.call(link.target, context.tenant, body, path=values.path, query=values.query, token=token)


def _completed(body: dict[str, Any], context: Context) -> dict[str, Any]:
    """Return the body of a link with the code, the public key and the password that it names."""
    is_readable = context.deployment.newest_code is not None or body.get("hint") == QUESTION
    if body.get("verificationCode") == _CODE and is_readable:
        body = context.with_code(context.tenant, body)
    if body.get("client_id") == _PUBLIC_KEY:
        body = {**body, "client_id": context.public_key(context.tenant)}
    return {**body, "password": PASSWORD} if body.get("password") == _PASSWORD else body
