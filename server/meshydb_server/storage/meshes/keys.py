"""What names a mesh."""

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
