"""The exceptions of the package.

* MeshyError
  x APIConnectionError              no usable answer arrived
    + APITimeoutError               ... in time
  x APIResponseError                a success whose body cannot be understood
  x APIStatusError                  any status other than a success
    + BadRequestError               400
    + AuthenticationError           401, or a refresh token that is good no longer
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

from meshydb._headers import Headers


class MeshyError(Exception):
    """Whatever can go wrong between this client and the service."""


class APIConnectionError(MeshyError):
    """No usable answer arrived: the service is out of reach, or the connection broke.

    Attributes:
        may_have_been_processed: False if the service cannot have carried out the request, as it was not sent as a
            whole: repeat it as you like. True if nobody knows.
        connection_was_stale: True if the connection was kept from an earlier request and was closed without a
            response. Mostly a server or proxy closed it as idle before the request arrived, but that is not certain.
            With `meshydb[fast]`, it may also have been a new connection.
    """

    may_have_been_processed: bool = True
    connection_was_stale: bool = False


class APITimeoutError(APIConnectionError):
    """The service did not answer in time."""


class _AnswerError(MeshyError):
    """What the two kinds of errors that follow an answer have in common."""

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
        # Exception's own way calls the class with the text alone, which lacks the keyword arguments. This one
        # restores text and attributes without a call, so that process pools and task queues can pass the error on.
        return _restore, (type(self), self.args), self.__dict__


def _restore(kind: type[_AnswerError], args: tuple[Any, ...]) -> _AnswerError:
    return kind.__new__(kind, *args)


class APIResponseError(_AnswerError):
    """The service reported success with a body that is not what the contract says.

    Attributes:
        status_code: The HTTP status, from 200 to 299.
        message: What is wrong with the body.
        body: The decoded JSON; else the beginning of the text; else None.
        request_id: The `X-Request-ID` of the answer, which identifies the exchange in the server's log.
        headers: The headers of the response, read-only. Names are found in any case of letters. The `repr` shows no
            values.
    """


class APIStatusError(_AnswerError):
    """The service answered with a status that is not a success.

    Attributes:
        status_code: The HTTP status.
        message: What the service says is wrong; without a word from it, the reason phrase of the status.
        code: The kind of error, for programs, such as `unknown_tenant` or `username_taken`; None when the service sends
            none. The known codes are listed in the reference, and services may add others. A login or a token that is
            refused with 400 has a code of OAuth 2, such as `invalid_grant`.
        body: The decoded JSON; else the beginning of the text; else None.
        request_id: The `X-Request-ID` of the answer, which identifies the exchange in the server's log.
        headers: The headers of the response, read-only. Names are found in any case of letters. The `repr` shows no
            values.
    """

    code: str | None = None


class BadRequestError(APIStatusError):
    """400: the request is malformed, or the service refuses what it asks for."""


class AuthenticationError(APIStatusError):
    """401: the access token is missing, invalid or expired.

    Also stands for a refresh that was refused with 400 and `invalid_grant`, as either can only be met with a new login.
    """


class PermissionDeniedError(APIStatusError):
    """403: the user is not allowed to do this."""


class NotFoundError(APIStatusError):
    """404: there is no such account, tenant, user or path.

    A mistyped account or tenant raises this too. `code` tells which is missing: `unknown_account`, `unknown_tenant`,
    `unknown_user` or `unknown_path`. A server that hides which users exist has no 404 for an unknown user in
    `forgot_password`.
    """


class MethodNotAllowedError(APIStatusError):
    """405: the path exists, but not for this method."""


class ContentTooLargeError(APIStatusError):
    """413: the body of the request is too large."""


class UnsupportedMediaTypeError(APIStatusError):
    """415: the service does not take a body of this type."""


class RateLimitError(APIStatusError):
    """429: too many requests, or a limit of the account is reached.

    Attributes:
        retry_after: Seconds to wait before asking again, from `Retry-After`; None when the service does not say.
    """

    retry_after: float | None = None


class ServerError(APIStatusError):
    """500 to 599: the service failed."""


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
    """Return the exception that stands for a status other than a success."""
    return _BY_STATUS.get(status_code, APIStatusError)
