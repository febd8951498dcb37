"""What an operation is, and what the descriptions of operations share."""

from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar, cast

from attrs import field, frozen

from meshydb._config import Config
from meshydb._contract import ROUTES, SAFE_TO_REPLAY
from meshydb._models.model import Model, read
from meshydb_api.types import UNSET, Unset

T = TypeVar("T")


@frozen
class Operation(Generic[T]):
    """One call of the API.

    Attributes:
        operation_id: The name of the operation in the contract.
        request: `method`, `url` (a path), `headers` and the like, as the arguments of httpx's `build_request`. Not in
            the `repr`, as it may hold secrets.
        parse: Makes the result of the decoded JSON of a success. Raises KeyError, TypeError or ValueError when that is
            not what the contract says. Not in the `repr`, for the same reason.
        may_be_empty: Whether a success may have no body; `parse` is given None for it.
        at_auth_host: Whether the operation is one of those that deal with tokens.
        counts_guess: Whether the request holds a password that counts as a guess when it is wrong.
    """

    operation_id: str
    request: dict[str, Any] = field(repr=False)
    parse: Callable[[object], T] = field(repr=False)
    may_be_empty: bool = False
    at_auth_host: bool = False
    counts_guess: bool = False

    @property
    def safe_to_replay(self) -> bool:
        """Whether the request may be sent again when nobody knows whether it was carried out."""
        return self.operation_id in SAFE_TO_REPLAY and not self.counts_guess

    @property
    def method(self) -> str:
        """The method, in capitals."""
        method: str = self.request["method"]
        return method.upper()

    @property
    def route(self) -> str:
        """The path as the contract has it, with the names of its parameters in place of their values."""
        return ROUTES[self.operation_id]


def tenant(config: Config) -> str | Unset:
    """Return what goes into the header `tenant`, if it is sent."""
    return given(config.tenant)


def given(value: T | None) -> T | Unset:
    """Return the value in the form that generated models leave out when it is None."""
    return UNSET if value is None else value


def members(body: object) -> dict[str, Any]:
    """Require an object: the generated models would take a list of pairs for one."""
    if not isinstance(body, dict):
        raise TypeError(f"the body must be an object, not {type(body).__name__}")
    return cast("dict[str, Any]", body)


def read_by(kind: type[T], item: type[object] | None = None) -> Callable[[object], T]:
    """Return what reads a model from a response; `item` is what a generic one holds."""
    return partial(read, kind, item=item)


def present(model: Model) -> dict[str, Any]:
    """Return the JSON of a model as it is sent: members that are None or empty lists are left out."""
    return {name: value for name, value in model.to_dict().items() if value not in (None, [])}


def nothing(_: object) -> None:
    """Read nothing from an answer: that it is a success is all there is to know."""
