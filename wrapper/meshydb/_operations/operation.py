"""The class of operations, and functions that their descriptions share."""

from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar, cast

from attrs import field, frozen

from meshydb._config import Config
from meshydb._contract import ROUTES, SAFE_TO_REPLAY
from meshydb._models.model import Model, read
from meshydb_api.types import UNSET, Unset

T = TypeVar("T")
U = TypeVar("U")


@frozen
class Operation(Generic[T]):
    """One call of the API.

    Attributes:
        operation_id: The name of the operation in the contract.
        request: `method`, `url` (a path), `headers` and other arguments of httpx's `build_request`. Not in the `repr`,
            as it may hold secrets.
        parse: Makes the result from the decoded JSON of a success. Raises KeyError, TypeError or ValueError if the JSON
            does not match the contract. Not in the `repr`, for the same reason.
        may_be_empty: Whether a success may have no body. `parse` gets None for it.
        at_auth_host: Whether the operation is at the auth host.
        counts_guess: Whether the request holds a password that counts as a guess if it is wrong.
    """

    operation_id: str
    request: dict[str, Any] = field(repr=False)
    parse: Callable[[object], T] = field(repr=False)
    may_be_empty: bool = False
    at_auth_host: bool = False
    counts_guess: bool = False

    def then(self, convert: Callable[[T], U]) -> "Operation[U]":
        """Return the same operation, whose result is converted. The conversion raises as `parse` does."""
        parse = self.parse
        return Operation(
            operation_id=self.operation_id,
            request=self.request,
            parse=lambda body: convert(parse(body)),
            may_be_empty=self.may_be_empty,
            at_auth_host=self.at_auth_host,
            counts_guess=self.counts_guess,
        )

    @property
    def safe_to_replay(self) -> bool:
        """Whether the request may be sent again if it is unknown whether it was processed."""
        return self.operation_id in SAFE_TO_REPLAY and not self.counts_guess

    @property
    def method(self) -> str:
        """The method, in capitals."""
        method: str = self.request["method"]
        return method.upper()

    @property
    def route(self) -> str:
        """The path in the contract, with the names of its parameters in place of their values."""
        return ROUTES[self.operation_id]


def tenant(config: Config) -> str | Unset:
    """Return the value of the header `tenant`, if it is sent."""
    return or_unset(config.tenant)


def or_unset(value: T | None) -> T | Unset:
    """Return the value, or, for None, the marker that generated models leave out."""
    return UNSET if value is None else value


def require_object(body: object) -> dict[str, Any]:
    """Require an object: the generated models would also accept a list of pairs."""
    if not isinstance(body, dict):
        raise TypeError(f"the body must be an object, not {type(body).__name__}")
    return cast("dict[str, Any]", body)


def reader_of(kind: type[T], item: type[object] | None = None) -> Callable[[object], T]:
    """Return a function that reads a model from a response. `item` is the type parameter of a generic model."""
    return partial(read, kind, item=item)


def without_empty(model: Model) -> dict[str, Any]:
    """Return the JSON of a model for a request, without members that are None or empty lists."""
    return {name: value for name, value in model.to_dict().items() if value not in (None, [])}


def no_result(_: object) -> None:
    """Read nothing from a response: the operation has no result."""
