"""A real server for the tests of applications, in its own process, with access to its outbox.

Needs the extra `server`, and pytest. Name the plugin in the `conftest.py` at the top of your tests, and use the
fixture:

    pytest_plugins = ["meshydb.testing"]

    def test_recovery(meshydb_server):
        meshydb_server.create_user("ada", email="ada@example.org")
        client = meshydb_server.client()
        reset = client.forgot_password("ada")
        client.reset_password(reset, meshydb_server.last_code("ada"), "a new passphrase")

There is no entry point, so that the plugin costs no time and adds no fixtures in tests that do not use it.

PYTEST_DONT_REWRITE: pytest would warn if a `conftest.py` imports this module, for its types, before pytest does.
"""

import os
from collections.abc import Generator

try:
    import pytest

    from meshydb.testing._server import Host, MeshyServer, Message, hosting
except ModuleNotFoundError as error:
    raise ImportError(
        f"meshydb.testing needs {error.name}. From a checkout: pip install '.[server]' pytest."
        " From a wheel: pip install 'FILE.whl[server]' pytest."
    ) from error

__all__ = ["MeshyServer", "Message", "meshydb_server"]


@pytest.fixture(scope="session", name="_meshydb_host")
def _host(tmp_path_factory: pytest.TempPathFactory) -> Generator[Host]:
    with hosting(tmp_path_factory.mktemp("meshydb")) as host, pytest.MonkeyPatch.context() as patch:
        # A developer's proxy cannot reach a server on loopback. If both are set, the lower-case variable counts.
        others = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
        patch.setenv("no_proxy", f"{others},127.0.0.1" if others else "127.0.0.1")
        yield host


@pytest.fixture
def meshydb_server(_meshydb_host: Host) -> Generator[MeshyServer]:
    """A server on loopback, with an account for this test alone."""
    with MeshyServer(_meshydb_host) as server:
        yield server
