"""`projection …`."""

from __future__ import annotations

from typing import BinaryIO, Final

import click

from meshydb_server import timestamps
from meshydb_server.cli.results import Result, changed, changed_record, listing
from meshydb_server.cli.support import ACCOUNT, ContractType, tenant_option, with_services
from meshydb_server.cli.tables import Column, Table
from meshydb_server.runtime import Services
from meshydb_server.storage.meshes import Projection

_NAME: Final = ContractType("ProjectionName", "NAME")
_MESH: Final = ContractType("MeshName", "MESH")
_PROJECTIONS: Final = Table(
    [
        Column("NAME", "name", cut=False),
        Column("MESH", "mesh", cut=False),
        Column("CREATED", "createdAt", cut=False),
        Column("PIPELINE", "pipeline"),
    ],
    empty="The tenant has no projections.",
)


@click.group()
def projection() -> None:
    """Manage the projections of a tenant: pipelines over the documents of a mesh."""


@projection.command("create")
@click.argument("account", type=ACCOUNT)
@click.argument("name", type=_NAME)
@tenant_option
@click.option("--mesh", required=True, type=_MESH, help="The mesh whose documents the pipeline reads.")
@click.option(
    "--pipeline",
    metavar="FILE",
    required=True,
    type=click.File("rb"),
    help="A file with the pipeline, an array of stages in relaxed JSON; - reads standard input.",
)
@with_services
async def projection_create(
    services: Services, account: str, name: str, *, tenant: str | None, mesh: str, pipeline: BinaryIO
) -> Result:
    """Add a projection to a tenant.

    The stages are $match, $project, $unwind, $group, $sortByCount, $count, $sort, $skip and $limit. A pipeline with any
    other is refused.
    """
    try:
        text = pipeline.read().decode()
    except UnicodeDecodeError as error:
        raise click.ClickException("The pipeline is not UTF-8.") from error
    created = await services.projections.create(account, tenant, name, mesh, text.strip())
    return changed_record(f"Created the projection {created.name}.", _show(created))


@projection.command("list")
@click.argument("account", type=ACCOUNT)
@tenant_option
@with_services
async def projection_list(services: Services, account: str, tenant: str | None) -> Result:
    """List the projections of a tenant by name."""
    return listing(_PROJECTIONS, [_show(each) for each in await services.projections.all(account, tenant)])


@projection.command("delete")
@click.argument("account", type=ACCOUNT)
@click.argument("name", type=_NAME)
@tenant_option
@with_services
async def projection_delete(services: Services, account: str, name: str, tenant: str | None) -> Result:
    """Delete a projection. The documents stay."""
    deleted = await services.projections.delete(account, tenant, name)
    value = {"account": deleted.account, "tenant": deleted.tenant, "name": deleted.name}
    return changed(f"Deleted the projection {deleted.name}.", value)


def _show(projection: Projection) -> dict[str, object]:
    return {
        "account": projection.account,
        "tenant": projection.tenant,
        "name": projection.name,
        "mesh": projection.mesh,
        "pipeline": projection.pipeline,
        "createdAt": timestamps.to_text(projection.created_at),
    }
