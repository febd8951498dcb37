"""Measures the client, the server or both, and checks the project's ratios. Exits with 1 if one fails.

Rounds alternate, so that other load on the machine affects all sides. The median counts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

from bench import before_part, client_part, decoys_part, server_part
from bench.growth import part as growth_part
from bench.meshes import part as meshes_part
from bench.peers import part as peers_part
from bench.report import Verdict, write

_PARTS: Final[dict[str, Callable[[], tuple[list[Verdict], dict[str, Any]]]]] = {
    "client": client_part.measure,
    "server": server_part.measure,
    "decoys": decoys_part.measure,
    "meshes": meshes_part.measure,
    "peers": peers_part.measure,
    "growth": growth_part.measure,
    "before": before_part.measure,
}


def main() -> None:
    """Run the named parts, or all."""
    names = sys.argv[1:] or list(_PARTS)
    if unknown := set(names) - _PARTS.keys():
        sys.exit(f"There is no part {', '.join(sorted(unknown))}; there are {', '.join(_PARTS)}.")
    held = True
    for name in names:
        verdicts, figures = _PARTS[name]()
        print(*verdicts, f"kept in {write(name, verdicts, figures)}", sep="\n", flush=True)
        held = held and all(verdict.holds for verdict in verdicts)
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
