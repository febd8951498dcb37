"""The exceptions of the package.

* MeshyError
  x APIConnectionError              no usable response arrived
    + APITimeoutError               the response did not arrive in time
  x APIResponseError                a success whose body does not match the contract
  x APIStatusError                  any status outside 200 to 299
    + BadRequestError               400
    + AuthenticationError           401, or a refresh token that has expired or was revoked
    + PermissionDeniedError         403
    + NotFoundError                 404
    + MethodNotAllowedError         405
    + ContentTooLargeError          413
    + UnsupportedMediaTypeError     415
    + RateLimitError                429
    + ServerError                   500 to 599
"""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from meshydb._headers import Headers


class MeshyError(Exception):
    """The base class of all API and network errors."""


class APIConnectionError(MeshyError):
    """No usable response arrived: the service cannot be reached, or the connection broke.

    Attributes:
        may_have_been_processed: False if the request was not sent as a whole, so that it is safe to send it again. True
            if that is not known.
        connection_was_stale: True if the connection was kept from an earlier request and was closed without a
            response. Usually a server or proxy closed it as idle before the request arrived, but that is not certain.
            With `meshydb[fast]`, it may also have been a new connection.
    """

    may_have_been_processed: bool = True
    connection_was_stale: bool = False


class APITimeoutError(APIConnectionError):
    """The response did not arrive in time."""


class _ResponseError(MeshyError):
    """The base class of errors that follow a response."""

    def __init__(
        self,
        message: str,
        *,
        status_code: int,
        body: object = None,
        request_id: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        text = f"{status_code}: {message}"
        super().__init__(f"{text} (request {request_id})" if request_id else text)
        self.message = message
        self.status_code = status_code
        self.body = body
        self.request_id = request_id
        self.headers: Mapping[str, str] = Headers(headers)

    def __reduce__(self) -> tuple[Any, ...]:
        # By default, unpickling calls the class with the text alone, without the keyword arguments. This restores text
        # and attributes without a call, so that process pools and task queues can pass the error on.
        return _restore, (type(self), self.args), self.__dict__


def _restore(kind: type[_ResponseError], args: tuple[Any, ...]) -> _ResponseError:
    return kind.__new__(kind, *args)


class APIResponseError(_ResponseError):
    """The response is a success, but its body does not match the contract, or does not fit the class passed to `of`.

    Attributes:
        status_code: The HTTP status, from 200 to 299.
        message: What is wrong with the body.
        body: The decoded JSON, or the beginning of the text if it is not JSON, or None if it is empty.
        request_id: The `X-Request-ID` of the response, which identifies the request in the server's log.
        headers: The headers of the response, read-only. The names are case-insensitive. The `repr` shows no values.
    """


class APIStatusError(_ResponseError):
    """The status of the response is outside 200 to 299.

    Attributes:
        status_code: The HTTP status.
        message: The message of the service, or the reason phrase of the status if the service sends none.
        code: The kind of error, for programs, such as `unknown_tenant` or `username_taken`; None if the service sends
            none. The reference lists the known codes; services may add others. A login, refresh or revocation that is
            rejected with 400 has a code of OAuth 2, such as `invalid_grant`.
        body: The decoded JSON, or the beginning of the text if it is not JSON, or None if it is empty.
        request_id: The `X-Request-ID` of the response, which identifies the request in the server's log.
        headers: The headers of the response, read-only. The names are case-insensitive. The `repr` shows no values.
    """

    code: str | None = None


@frozen(kw_only=True)
class RejectedDocument:
    """Why one document of several was rejected.

    Attributes:
        index: The position of the document among those given, from 0.
        status: The status that the document alone would have had.
        message: The message of the service.
        code: The kind of error, for programs, such as `document_exists`; None if the service sends none.
    """

    index: int
    status: int
    message: str
    code: str | None


class BadRequestError(APIStatusError):
    """400: the request is malformed, or the service rejects it.

    Attributes:
        results: The documents that were rejected, if several were to be created together; else empty.
    """

    results: tuple[RejectedDocument, ...] = ()


class AuthenticationError(APIStatusError):
    """401: the access token is missing, invalid or expired.

    Also raised if a refresh was rejected with 400 and `invalid_grant`. In both cases, log in again.
    """


class PermissionDeniedError(APIStatusError):
    """403: the user is not allowed to do this."""


class NotFoundError(APIStatusError):
    """404: there is no such account, tenant, user, role, permission, document, projection or path.

    A mistyped account or tenant raises this too. `code` says which does not exist: `unknown_account`, `unknown_tenant`,
    `unknown_user`, `unknown_role`, `unknown_permission`, `unknown_document`, `unknown_projection` or `unknown_path`. An
    unknown mesh is one without documents. A server that hides which users exist does
    not respond with 404 to `forgot_password` for an unknown user.
    """


class MethodNotAllowedError(APIStatusError):
    """405: the path does not have this method."""


class ContentTooLargeError(APIStatusError):
    """413: the body of the request is too large."""


class UnsupportedMediaTypeError(APIStatusError):
    """415: the service does not accept this media type."""


class RateLimitError(APIStatusError):
    """429: too many requests, or a limit of the account is reached.

    Attributes:
        retry_after: Seconds to wait before a retry, from `Retry-After`; None if the service does not send it.
    """

    retry_after: float | None = None


class ServerError(APIStatusError):
    """500 to 599: the server failed."""


_BY_STATUS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    405: MethodNotAllowedError,
    413: ContentTooLargeError,
    415: UnsupportedMediaTypeError,
    429: RateLimitError,
    **dict.fromkeys(range(500, 600), ServerError),
}


def class_for_status(status_code: int) -> type[APIStatusError]:
    """Return the exception for a status outside 200 to 299."""
    return _BY_STATUS.get(status_code, APIStatusError)
