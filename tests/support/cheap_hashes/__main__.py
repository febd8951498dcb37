"""Runs `meshydb-server` with hashes that are cheap to compute."""

from __future__ import annotations

from argon2 import PasswordHasher

from meshydb_server.__main__ import main as run


def main() -> None:
    """Run the command. Every hasher of this process is cheap, whoever has imported the class before."""
    initialize = PasswordHasher.__init__
    _, _, _, *others = initialize.__defaults__ or ()
    # Its time, memory and parallelism.
    initialize.__defaults__ = (1, 8, 1, *others)
    run()
