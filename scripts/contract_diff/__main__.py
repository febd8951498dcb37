"""Compares openapi.yaml in the current folder with that of another revision.

Exits with 0 when no client breaks, or when the version makes room for it; with 1 when one does and it does not; and
with 2 when there is nothing to compare.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from contract_diff.documents import read_revision, read_working_tree
from contract_diff.errors import UsageError
from contract_diff.operations import compare
from contract_diff.report import table
from contract_diff.versions import Version, may_break


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="contract_diff", description=__doc__)
    parser.add_argument("base", help="a revision of this git repository, such as a tag or main")
    try:
        sys.exit(_run(parser.parse_args().base))
    except UsageError as error:
        print(f"contract-diff: {error}", file=sys.stderr)
        sys.exit(2)


def _run(base: str) -> int:
    old, new = read_revision(Path.cwd(), base), read_working_tree(Path.cwd())
    versions = [document["info"]["version"] for document in (old, new)]
    allowed, reason = may_break(*map(Version.parse, versions))
    changes = compare(old, new)
    breaking = sum(each.breaking for each in changes)
    if changes:
        print("\n".join(table(changes)), end="\n\n")
    print(f"Since {base}: {breaking} breaking, {len(changes) - breaking} not.")
    print(f"info.version {' → '.join(versions)}: {reason}.")
    return 1 if breaking and not allowed else 0


if __name__ == "__main__":
    main()
