"""`backup`."""

from meshydb_server.cli.backups.commands import backup

__all__ = ["backup"]
