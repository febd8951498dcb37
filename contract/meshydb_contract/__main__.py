"""`meshydb-contract`, also as `python -m meshydb_contract`.

A plain installation has this command too, but not its dependencies.
"""

import gc
import os
import signal
import subprocess
import sys
import traceback
from typing import Any, Final

_CANNOT_TEST: Final = 2
_INTERRUPTED: Final = 130


def main() -> None:
    """Run the command line, or say how to install it."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        # schemathesis iterates over sets, whose order is random unless the hash seed is set before Python starts.
        command = [sys.executable, "-m", "meshydb_contract", *sys.argv[1:]]
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        if os.name == "posix":
            # Replaces this process, so that Ctrl-C and other signals reach the process that handles them.
            os.execve(sys.executable, command, environment)  # noqa: S606 - Python itself, no shell is missed
        sys.exit(subprocess.run(command, env=environment, check=False).returncode)
    # A run creates many objects and frees few. With Python's default of 700, the collector would run all the time.
    gc.set_threshold(50_000, 10, 10)
    # SIGTERM also deletes the users that the run created, like Ctrl-C.
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(_exit_code())


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _run() -> int:
    try:
        from meshydb_contract._cli.command import main as run_command  # noqa: PLC0415
    except ModuleNotFoundError as error:
        _print_error(
            f"meshydb-contract needs {error.name}, which the extra contract brings."
            " From a checkout: pip install '.[contract]'. From a wheel: pip install 'FILE.whl[contract]'."
        )
        return _CANNOT_TEST
    return run_command(sys.argv[1:])


def _exit_code() -> int:
    """Run the command; returns its exit code, which is 1 for a server that does not conform and for nothing else."""
    if sys.stdout is None or sys.stderr is None:
        # No stream to print to.
        return _CANNOT_TEST
    try:
        code = _run()
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    except KeyboardInterrupt:
        # schemathesis handles Ctrl-C itself, with the same exit code. This is for the time before and after it.
        code = _INTERRUPTED
    except OSError as error:
        _print_error(f"meshydb-contract: The output cannot be written, or a file not read: {error}")
        code = _CANNOT_TEST
    except Exception:  # noqa: BLE001 - a fault of the test is not a fault of the server
        _print_error(f"{traceback.format_exc()}meshydb-contract: The test itself failed. Please report it.")
        code = _CANNOT_TEST
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            # Python flushes again at exit, and would exit with another code.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            _print_error(f"meshydb-contract: The output cannot be written: {error}")
            code = code if code == _INTERRUPTED else _CANNOT_TEST
    return code


def _print_error(message: str) -> None:
    try:
        print(message, file=sys.stderr, flush=True)
    except OSError:
        # The exit code still reports it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


if __name__ == "__main__":
    main()
