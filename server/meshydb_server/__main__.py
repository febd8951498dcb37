"""`meshydb-server`, also as `python -m meshydb_server`.

A plain installation has this command, but not the packages that it needs.
"""

import sys


def main() -> None:
    """Run the command line, or say how to install what it needs."""
    try:
        from meshydb_server.cli import main as run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        sys.exit(
            f"meshydb-server needs {error.name}, which the extra server brings."
            " From a checkout: pip install '.[server]'. From a wheel: pip install 'FILE.whl[server]'."
        )
    run()


if __name__ == "__main__":
    main()
