"""`meshydb-contract`, also as `python -m meshydb_contract`.

A plain installation has this command too, but not what it needs.
"""

import gc
import os
import subprocess
import sys


def main() -> None:
    """Run the command line, or say how to install it."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        # schemathesis goes through sets, whose order is one of chance in each process until it is fixed for a new one.
        command = [sys.executable, "-m", "meshydb_contract", *sys.argv[1:]]
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        if os.name == "posix":
            # In place of this one, so that Ctrl-C and other signals reach whoever heeds them.
            os.execve(sys.executable, command, environment)  # noqa: S606 - Python itself, no shell is missed
        sys.exit(subprocess.run(command, env=environment, check=False).returncode)
    try:
        from meshydb_contract._command import run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        print(
            f"meshydb-contract needs {error.name}, which the extra contract brings."
            " From a checkout: pip install '.[contract]'. From a wheel: pip install 'FILE.whl[contract]'.",
            file=sys.stderr,
        )
        sys.exit(2)
    # The process lives for one run, most of which is to make objects: Python's 700 would look for garbage all the time.
    gc.set_threshold(50_000, 10, 10)
    try:
        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        # Outside of what schemathesis does, which tells what it has found until then; it exits with this, too.
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
