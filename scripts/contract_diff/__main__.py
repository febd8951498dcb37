"""Compares openapi.yaml in the current folder with that of another revision.

Exits with 0 if no client breaks, if the new version allows it, or if there is no release to compare with; with 1 if a
client breaks and the new version does not allow it; and with 2 if a document cannot be read or the result cannot be
written.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from contract_diff.documents import last_release, read_revision, read_working_tree
from contract_diff.errors import UsageError
from contract_diff.operations import compare
from contract_diff.report import lines
from contract_diff.versions import Version, may_break


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="contract_diff", description=__doc__)
    parser.add_argument(
        "base", nargs="?", help="a revision of this git repository, such as a tag or main; by default the last release"
    )
    try:
        status = _run(parser.parse_args().base)
        sys.stdout.flush()
    except UsageError as error:
        print(f"contract-diff: {error}", file=sys.stderr)
        status = 2
    except OSError as error:
        # Python flushes again at exit, and would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"contract-diff: the result cannot be written: {error.strerror}", file=sys.stderr)
        status = 2
    sys.exit(status)


def _run(given: str | None) -> int:
    base = last_release(Path.cwd()) if given is None else given
    if base is None:
        print("There is no release yet, so there is nothing to compare with. Pass a revision to compare with another.")
        return 0
    old, new = read_revision(Path.cwd(), base), read_working_tree(Path.cwd())
    versions = [document["info"]["version"] for document in (old, new)]
    allowed, reason = may_break(*map(Version.parse, versions))
    changes = compare(old, new)
    breaking = sum(each.breaking for each in changes)
    if changes:
        print("\n".join(lines(changes)), end="\n\n")
    print(f"Since {base}: {breaking} breaking, {len(changes) - breaking} not.")
    print(f"info.version {' → '.join(versions)}: {reason}.")
    return 1 if breaking and not allowed else 0


if __name__ == "__main__":
    main()
