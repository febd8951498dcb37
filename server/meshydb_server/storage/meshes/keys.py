"""What names a mesh, and the condition on its rows."""

from __future__ import annotations

from attrs import frozen


@frozen
class MeshKey:
    """A mesh of a tenant, by its name in lower case. It need not exist."""

    account: str
    tenant: str
    mesh: str

    @property
    def values(self) -> dict[str, str]:
        """The values of the parameters `account`, `tenant` and `mesh`."""
        return {"account": self.account, "tenant": self.tenant, "mesh": self.mesh}


def in_mesh(documents: str = "documents") -> str:
    """The condition in SQL that a row is one of the mesh. Takes the name of the table, or what a statement calls it."""
    return f"{documents}.account = :account AND {documents}.tenant = :tenant AND {documents}.mesh = :mesh"
