"""The public surface: what is exported, and that both facades are one."""

import inspect

import pytest

import meshydb
from meshydb import AsyncMeshyClient, MeshyClient, MeshyError
from meshydb._sync.client import ClientOptions

PUBLIC = sorted(
    name for name in vars(AsyncMeshyClient) if not name.startswith("_") or name in {"__init__", "__repr__", "__doc__"}
)


def test_exports() -> None:
    """Everything that the package binds is listed, in order."""
    bound = {
        name for name, value in vars(meshydb).items() if not name.startswith("_") and not inspect.ismodule(value)
    } | {"__version__"}
    assert meshydb.__all__ == sorted(bound)


def test_every_exception_is_exported() -> None:
    """No error that a caller may want to catch is hidden."""

    def below(kind: type[Exception]) -> set[str]:
        return {kind.__name__}.union(*map(below, kind.__subclasses__()))

    assert {name for name in below(MeshyError) if not name.startswith("_")} <= set(meshydb.__all__)


@pytest.mark.parametrize("name", [name for name in PUBLIC if name != "__doc__"])
def test_facades_have_the_same_signatures(name: str) -> None:
    """A method takes and returns the same in both forms, the kind of HTTP client aside."""
    asynchronous = inspect.signature(getattr(AsyncMeshyClient, name))
    synchronous = inspect.signature(getattr(MeshyClient, name))
    assert str(asynchronous).replace("Async", "").replace("_async", "_sync") == str(synchronous)


@pytest.mark.parametrize("name", PUBLIC)
def test_facades_have_the_same_docstrings(name: str) -> None:
    """A method is described in the same words in both forms."""
    asynchronous, synchronous = (vars(kind).get(name) for kind in (AsyncMeshyClient, MeshyClient))
    assert inspect.getdoc(asynchronous) == inspect.getdoc(synchronous)


def test_facades_have_the_same_methods() -> None:
    """Neither form has a public method that the other lacks."""
    for name in vars(MeshyClient):
        assert name.startswith("_") or name in PUBLIC
    assert inspect.iscoroutinefunction(AsyncMeshyClient.forgot_password)
    assert not inspect.iscoroutinefunction(MeshyClient.forgot_password)


def test_options_are_those_of_the_constructor() -> None:
    """The class methods take the keyword options that the class takes."""
    parameters = inspect.signature(MeshyClient).parameters.values()
    keywords = {each.name: each.annotation for each in parameters if each.kind is each.KEYWORD_ONLY}
    assert ClientOptions.__annotations__ == keywords


def test_tenant_default_reads_well() -> None:
    """`help()` tells where the tenant comes from."""
    assert "tenant: str | None = <from MESHYDB_TENANT>" in str(inspect.signature(MeshyClient))
