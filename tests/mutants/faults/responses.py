"""Faults in answers."""

from __future__ import annotations

from typing import Final

from tests.mutants.table import OutgoingResponse, Table

TABLE: Final = Table()


@TABLE.responses("forgotPassword", 200, "response_schema_conformance")
def missing_field(response: OutgoingResponse) -> None:
    """The answer to a request for a reset lacks `hint`."""
    response.json = {name: value for name, value in response.json.items() if name != "hint"}


@TABLE.responses("checkUserExist", 200, "response_schema_conformance")
def wrong_type(response: OutgoingResponse) -> None:
    """Whether a username is taken is told in words."""
    response.json = {"exists": "yes" if response.json["exists"] else "no"}


@TABLE.responses("forgotPassword", 200, "response_schema_conformance")
def number_as_text(response: OutgoingResponse) -> None:
    """`attempt` is a text of digits."""
    response.json = {**response.json, "attempt": str(response.json["attempt"])}


@TABLE.responses("getSelf", 200, "response_schema_conformance")
def null_where_there_is_none(response: OutgoingResponse) -> None:
    """A user's roles are null."""
    response.json = {**response.json, "roles": None}


@TABLE.responses("forgotPassword", 200, "response_schema_conformance")
def naive_date(response: OutgoingResponse) -> None:
    """`expires` does not say in which time zone."""
    response.json = {**response.json, "expires": response.json["expires"].removesuffix("Z")}


@TABLE.responses("forgotPassword", 200, "response_schema_conformance")
def date_in_whole_seconds(response: OutgoingResponse) -> None:
    """`expires` leaves out the milliseconds."""
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
    """Whoever asks for a reset is told the code."""
    response.json = {**response.json, "verificationCode": "MFRGGZDF"}


@TABLE.responses("getSelf", 200, "no_secrets_shown")
def password_given_away(response: OutgoingResponse) -> None:
    """Users are shown their passwords."""
    response.json = {**response.json, "password": "correct horse"}


@TABLE.responses("createUser", 201, "status_code_conformance")
def wrong_status(response: OutgoingResponse) -> None:
    """What was created is answered with 200."""
    response.status = 200


@TABLE.responses("forgotPassword", 400, "status_code_conformance")
def undocumented_status(response: OutgoingResponse) -> None:
    """What is malformed is answered with 422."""
    response.status = 422


@TABLE.responses("getHealth", 200, "not_a_server_error")
def failure(response: OutgoingResponse) -> None:
    """The server fails, in the documented shape."""
    response.status, response.json = 503, {"message": "Storage is out of reach."}


@TABLE.responses("getJsonWebKeySet", 200, "content_type_conformance")
def wrong_content_type(response: OutgoingResponse) -> None:
    """Keys are declared as a page."""
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
    """An error says `error` where it is to say `message`."""
    response.json = {"error": response.json["message"]}


@TABLE.responses("requestToken", 400, "response_schema_conformance")
def error_without_code(response: OutgoingResponse) -> None:
    """A refused grant is answered like any other request, and not as OAuth 2 has it."""
    response.json = {"message": response.json["error_description"]}


@TABLE.responses("deleteUser", 204, "deleted_users_are_gone")
def content_at_204(response: OutgoingResponse) -> None:
    """204 comes with a content type and a length."""
    response.headers |= {"content-type": "application/json", "content-length": "0"}


@TABLE.responses("getSelf", 401, "response_headers_conformance")
def challenge_missing(response: OutgoingResponse) -> None:
    """401 does not say how to authenticate."""
    del response.headers["www-authenticate"]


@TABLE.responses("checkUserExist", 200, "response_headers_conformance")
def request_id_missing(response: OutgoingResponse) -> None:
    """An answer has no `X-Request-ID`."""
    del response.headers["x-request-id"]


@TABLE.responses("forgotPassword", 429, "requests_are_few")
def wait_not_told(response: OutgoingResponse) -> None:
    """429 does not say for how long to wait."""
    del response.headers["retry-after"]


@TABLE.responses("forgotPassword", 429, "requests_are_few")
def wait_told_as_a_date(response: OutgoingResponse) -> None:
    """429 says until when to wait."""
    response.headers["retry-after"] = "Tue, 01 Jan 2030 00:00:00 GMT"


@TABLE.responses("checkUserExist", 405, "unsupported_method")
def allowed_methods_not_told(response: OutgoingResponse) -> None:
    """405 does not say which methods there are."""
    del response.headers["allow"]


@TABLE.responses("requestToken", 405, "unknown_methods_are_refused")
def allowed_methods_left_out(response: OutgoingResponse) -> None:
    """405 says of one method only that it is there."""
    response.headers["allow"] = "GET"


@TABLE.responses("requestToken", 405, "unknown_methods_are_refused")
def unknown_methods_not_found(response: OutgoingResponse) -> None:
    """A method that a path does not have is answered with 404."""
    response.status = 404
