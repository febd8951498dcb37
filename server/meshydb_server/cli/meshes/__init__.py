"""`mesh …`."""

from meshydb_server.cli.meshes.commands import mesh

__all__ = ["mesh"]
