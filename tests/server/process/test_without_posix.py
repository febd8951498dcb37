"""What POSIX alone has is not needed: all modules are imported without it, and a server on SQLite serves."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.commands import Served
from tests.support.http.raw import assert_documented, compose, exchange

# Other packages keep what they have already imported; they look for it themselves. Then this process becomes one on
# Windows, as far as the names go.
_WITHOUT: Final = """
import importlib, os, pkgutil, select, signal, socket, sys
from contextlib import suppress

NAMES = ("meshydb_api", "meshydb", "meshydb_server", "meshydb_contract")
GONE = {
    select: "poll epoll POLLIN POLLOUT POLLERR POLLHUP",
    signal: "SIGHUP SIGKILL SIGQUIT SIGALRM SIGCHLD SIGPIPE SIGUSR1 SIGUSR2 SIGSTOP SIGCONT alarm pause setitimer "
    "getitimer pthread_kill pthread_sigmask sigpending sigwait sigwaitinfo sigtimedwait siginterrupt",
    os: "fork forkpty getuid geteuid getgid getegid getgroups getpgid getpgrp getsid setsid setuid setgid killpg chown "
    "lchown fchown mkfifo mknod pread pwrite readv writev statvfs fstatvfs uname getloadavg nice chroot wait wait3 "
    "wait4 sched_getaffinity posix_fadvise posix_fallocate sendfile sysconf ttyname fdatasync sync "
    "O_NOFOLLOW O_DIRECTORY O_NOCTTY O_SYNC O_DSYNC WNOHANG",
    socket: "SO_REUSEPORT MSG_DONTWAIT MSG_NOSIGNAL",
}
MODULES = "fcntl grp pwd pty resource syslog termios tty readline curses".split()

def modules():
    for name in NAMES:
        package = importlib.import_module(name)
        yield name
        # Those run when they are imported.
        others = pkgutil.walk_packages(package.__path__, f"{name}.")
        yield from (each.name for each in others if not each.name.endswith((".__main__", ".env")))

found = [name for name in modules() if importlib.import_module(name)]
assert len(found) > 300, found
# The event loop, for which Windows has another.
with suppress(ImportError):
    import uvloop
for name in [each for each in sys.modules if each.partition(".")[0] in NAMES]:
    del sys.modules[name]
for module, names in GONE.items():
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
for name in MODULES:
    sys.modules[name] = None
sys.platform = "win32"
for name in found:
    importlib.import_module(name)
"""
_HEALTH: Final = compose(method="GET", target="/healthz", content_type=None)


def test_serves(tmp_path: Path) -> None:
    """All modules of client, server and gate are imported; the server serves, and ends with code 0."""
    program = (sys.executable, "-c", f"{_WITHOUT}\nfrom meshydb_server.__main__ import main\nmain()\n")
    with Served(tmp_path, program=program) as server:
        if "listens" not in server.first_line:
            pytest.fail("\n".join([server.first_line, *server.wait()[1]]))
        assert_documented(exchange(server.url, _HEALTH), 200)
        assert server.stop()[0] == 0
