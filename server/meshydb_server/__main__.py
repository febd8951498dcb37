"""`meshydb-server`, also as `python -m meshydb_server`.

A plain installation has this command too, but not what it needs.
"""

import sys


def main() -> None:
    """Run the command line, or say how to install it."""
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
