"""`meshydb-server`, also as `python -m meshydb_server`.

A plain `pip install meshydb` brings this command too, but not what it needs.
"""

import sys


def main() -> None:
    """Run the command line, or say how to install it."""
    try:
        from meshydb_server.cli import main as run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        sys.exit(f"meshydb-server needs {error.name}, which comes with: pip install 'meshydb[server]'")
    run()


if __name__ == "__main__":
    main()
