"""Writes build/sbom.cdx.json: what the wheel in dist/ installs with the extras of the server."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from packaging.utils import canonicalize_name

from release.environments import Environment
from release.versions import package_version

_ROOT: Final = Path(__file__).parents[2]
_OUTPUT: Final = _ROOT / "build" / "sbom.cdx.json"


def main() -> None:
    """Have CycloneDX describe an environment with the wheel, and check that it found each package in it."""
    program = sys.argv[1]
    (wheel,) = (_ROOT / "dist").glob("*.whl")
    with tempfile.TemporaryDirectory() as name:
        environment = Environment(Path(name) / "environment", wheel, "server", "postgres", "redis")
        options = ["--pyproject", str(_ROOT / "pyproject.toml"), "--output-reproducible", "--validate"]
        command = [program, "environment", *options, str(environment.python)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    document: dict[str, Any] = json.loads(done.stdout)
    # The tool does not find it, as the build reads it from a file.
    document["metadata"]["component"]["version"] = package_version(_ROOT)
    described = {canonicalize_name(each["name"]) for each in document["components"]}
    if missing := environment.names - described:
        sys.exit(f"The SBOM lacks {', '.join(sorted(missing))}.")
    _OUTPUT.parent.mkdir(exist_ok=True)
    _OUTPUT.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(f"{_OUTPUT.relative_to(_ROOT)} describes {len(described)} packages.")


if __name__ == "__main__":
    main()
