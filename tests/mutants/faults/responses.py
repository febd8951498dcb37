"""Faults in responses."""

from __future__ import annotations

from typing import Final

from tests.mutants.table import OutgoingResponse, Table

TABLE: Final = Table()


@TABLE.responses("forgotPassword", 200, "response_schema_conformance")
def missing_field(response: OutgoingResponse) -> None:
    """The response of forgotPassword lacks `hint`."""
    response.json = {name: value for name, value in response.json.items() if name != "hint"}


@TABLE.responses("checkUserExist", 200, "response_schema_conformance")
def wrong_type(response: OutgoingResponse) -> None:
    """`exists` is a word instead of a boolean."""
    response.json = {"exists": "yes" if response.json["exists"] else "no"}


@TABLE.responses("forgotPassword", 200, "response_schema_conformance")
def number_as_text(response: OutgoingResponse) -> None:
    """`attempt` is a string of digits."""
    response.json = {**response.json, "attempt": str(response.json["attempt"])}


@TABLE.responses("getSelf", 200, "response_schema_conformance")
def null_where_there_is_none(response: OutgoingResponse) -> None:
    """A user's roles are null."""
    response.json = {**response.json, "roles": None}


@TABLE.responses("forgotPassword", 200, "response_schema_conformance")
def naive_date(response: OutgoingResponse) -> None:
    """`expires` has no time zone."""
    response.json = {**response.json, "expires": response.json["expires"].removesuffix("Z")}


@TABLE.responses("forgotPassword", 200, "response_schema_conformance")
def date_in_whole_seconds(response: OutgoingResponse) -> None:
    """`expires` has no milliseconds."""
    response.json = {**response.json, "expires": response.json["expires"][:19] + "Z"}


@TABLE.responses("getOpenIdConfiguration", 200, "response_schema_conformance")
def array_for_a_text(response: OutgoingResponse) -> None:
    """The issuer is a list of issuers."""
    response.json = {**response.json, "issuer": [response.json["issuer"]]}


@TABLE.responses("searchUsers", 200, "response_schema_conformance")
def fault_in_an_item(response: OutgoingResponse) -> None:
    """One user of a page has no id."""
    page = response.json
    del page["results"][-1]["id"]
    response.json = page


@TABLE.responses("forgotPassword", 200, "no_secrets_shown")
def code_given_away(response: OutgoingResponse) -> None:
    """The response of forgotPassword contains the code."""
    response.json = {**response.json, "verificationCode": "MFRGGZDF"}


@TABLE.responses("getSelf", 200, "no_secrets_shown")
def password_given_away(response: OutgoingResponse) -> None:
    """A user's own profile contains the password."""
    response.json = {**response.json, "password": "correct horse"}


@TABLE.responses("createUser", 201, "status_code_conformance")
def wrong_status(response: OutgoingResponse) -> None:
    """Creating a user returns 200."""
    response.status = 200


@TABLE.responses("forgotPassword", 400, "status_code_conformance")
def undocumented_status(response: OutgoingResponse) -> None:
    """A malformed request returns 422."""
    response.status = 422


@TABLE.responses("getHealth", 200, "not_a_server_error")
def failure(response: OutgoingResponse) -> None:
    """The server fails, in the documented shape."""
    response.status, response.json = 503, {"message": "Storage is out of reach."}


@TABLE.responses("getJsonWebKeySet", 200, "content_type_conformance")
def wrong_content_type(response: OutgoingResponse) -> None:
    """Keys are declared as HTML."""
    response.headers["content-type"] = "text/html; charset=utf-8"


@TABLE.responses("getUser", 404, "content_type_conformance")
def error_as_text(response: OutgoingResponse) -> None:
    """An error is plain text."""
    response.headers["content-type"], response.content = "text/plain", b"not found"


@TABLE.responses("forgotPassword", 404, "response_schema_conformance")
def error_without_content(response: OutgoingResponse) -> None:
    """404 has no content."""
    response.content = b""


@TABLE.responses("checkHash", 400, "response_schema_conformance")
def error_of_another_shape(response: OutgoingResponse) -> None:
    """An error has `error` instead of `message`."""
    response.json = {"error": response.json["message"]}


@TABLE.responses("requestToken", 400, "response_schema_conformance")
def error_without_code(response: OutgoingResponse) -> None:
    """A rejected grant has the usual error shape instead of that of OAuth 2."""
    response.json = {"message": response.json["error_description"]}


@TABLE.responses("deleteUser", 204, "deleted_users_are_gone")
def content_at_204(response: OutgoingResponse) -> None:
    """204 has a content type and a length."""
    response.headers |= {"content-type": "application/json", "content-length": "0"}


@TABLE.responses("getSelf", 401, "response_headers_conformance")
def challenge_missing(response: OutgoingResponse) -> None:
    """401 does not say how to authenticate."""
    del response.headers["www-authenticate"]


@TABLE.responses("checkUserExist", 200, "response_headers_conformance")
def request_id_missing(response: OutgoingResponse) -> None:
    """A response has no `X-Request-ID`."""
    del response.headers["x-request-id"]


@TABLE.responses("forgotPassword", 429, "requests_are_few")
def wait_not_told(response: OutgoingResponse) -> None:
    """429 has no `Retry-After`."""
    del response.headers["retry-after"]


@TABLE.responses("forgotPassword", 429, "requests_are_few")
def wait_told_as_a_date(response: OutgoingResponse) -> None:
    """429 has a date in `Retry-After`."""
    response.headers["retry-after"] = "Tue, 01 Jan 2030 00:00:00 GMT"


@TABLE.responses("checkUserExist", 405, "unsupported_method")
def allowed_methods_not_told(response: OutgoingResponse) -> None:
    """405 has no `Allow`."""
    del response.headers["allow"]


@TABLE.responses("registerAnonymousUser", 405, "unknown_methods_are_rejected")
def allowed_methods_left_out(response: OutgoingResponse) -> None:
    """405 lists only one method in `Allow`."""
    response.headers["allow"] = "GET"


@TABLE.responses("checkUserExist", 405, "unknown_methods_are_rejected")
def unknown_methods_not_found(response: OutgoingResponse) -> None:
    """An unknown method returns 404."""
    response.status = 404
