"""Faults in answers."""

from __future__ import annotations

from typing import Final

from tests.mutants.table import Answer, Table

TABLE: Final = Table()


@TABLE.answers("forgotPassword", 200, "response_schema_conformance")
def missing_field(answer: Answer) -> None:
    """The answer to a request for a reset lacks `hint`."""
    answer.json = {name: value for name, value in answer.json.items() if name != "hint"}


@TABLE.answers("checkUserExist", 200, "response_schema_conformance")
def wrong_type(answer: Answer) -> None:
    """Whether a username is taken is told in words."""
    answer.json = {"exists": "yes" if answer.json["exists"] else "no"}


@TABLE.answers("forgotPassword", 200, "response_schema_conformance")
def number_as_text(answer: Answer) -> None:
    """`attempt` is a text of digits."""
    answer.json = {**answer.json, "attempt": str(answer.json["attempt"])}


@TABLE.answers("getSelf", 200, "response_schema_conformance")
def null_where_there_is_none(answer: Answer) -> None:
    """A user's roles are null."""
    answer.json = {**answer.json, "roles": None}


@TABLE.answers("forgotPassword", 200, "response_schema_conformance")
def naive_date(answer: Answer) -> None:
    """`expires` does not say in which time zone."""
    answer.json = {**answer.json, "expires": answer.json["expires"].removesuffix("Z")}


@TABLE.answers("forgotPassword", 200, "response_schema_conformance")
def date_in_whole_seconds(answer: Answer) -> None:
    """`expires` leaves out the milliseconds."""
    answer.json = {**answer.json, "expires": answer.json["expires"][:19] + "Z"}


@TABLE.answers("getOpenIdConfiguration", 200, "response_schema_conformance")
def array_for_a_text(answer: Answer) -> None:
    """The issuer is a list of issuers."""
    answer.json = {**answer.json, "issuer": [answer.json["issuer"]]}


@TABLE.answers("searchUsers", 200, "response_schema_conformance")
def fault_in_an_item(answer: Answer) -> None:
    """One user of a page has no id."""
    page = answer.json
    del page["results"][-1]["id"]
    answer.json = page


@TABLE.answers("forgotPassword", 200, "no_secrets_shown")
def code_given_away(answer: Answer) -> None:
    """Whoever asks for a reset is told the code."""
    answer.json = {**answer.json, "verificationCode": "MFRGGZDF"}


@TABLE.answers("getSelf", 200, "no_secrets_shown")
def password_given_away(answer: Answer) -> None:
    """Users are shown their passwords."""
    answer.json = {**answer.json, "password": "correct horse"}


@TABLE.answers("createUser", 201, "status_code_conformance")
def wrong_status(answer: Answer) -> None:
    """What was created is answered with 200."""
    answer.status = 200


@TABLE.answers("forgotPassword", 400, "status_code_conformance")
def undocumented_status(answer: Answer) -> None:
    """What is malformed is answered with 422."""
    answer.status = 422


@TABLE.answers("getHealth", 200, "not_a_server_error")
def failure(answer: Answer) -> None:
    """The server fails, in the documented shape."""
    answer.status, answer.json = 503, {"message": "Storage is out of reach."}


@TABLE.answers("getJsonWebKeySet", 200, "content_type_conformance")
def wrong_content_type(answer: Answer) -> None:
    """Keys are declared as a page."""
    answer.headers["content-type"] = "text/html; charset=utf-8"


@TABLE.answers("getUser", 404, "content_type_conformance")
def error_as_text(answer: Answer) -> None:
    """An error is plain text."""
    answer.headers["content-type"], answer.content = "text/plain", b"not found"


@TABLE.answers("forgotPassword", 404, "response_schema_conformance")
def error_without_content(answer: Answer) -> None:
    """404 has no content."""
    answer.content = b""


@TABLE.answers("checkHash", 400, "response_schema_conformance")
def error_of_another_shape(answer: Answer) -> None:
    """An error says `error` where it is to say `message`."""
    answer.json = {"error": answer.json["message"]}


@TABLE.answers("requestToken", 400, "response_schema_conformance")
def error_without_code(answer: Answer) -> None:
    """A refused grant is answered like any other request, and not as OAuth 2 has it."""
    answer.json = {"message": answer.json["error_description"]}


@TABLE.answers("deleteUser", 204, "deleted_users_are_gone")
def content_at_204(answer: Answer) -> None:
    """204 comes with a content type and a length."""
    answer.headers |= {"content-type": "application/json", "content-length": "0"}


@TABLE.answers("getSelf", 401, "response_headers_conformance")
def challenge_missing(answer: Answer) -> None:
    """401 does not say how to authenticate."""
    del answer.headers["www-authenticate"]


@TABLE.answers("checkUserExist", 200, "response_headers_conformance")
def request_id_missing(answer: Answer) -> None:
    """An answer has no `X-Request-ID`."""
    del answer.headers["x-request-id"]


@TABLE.answers("forgotPassword", 429, "requests_are_few")
def wait_not_told(answer: Answer) -> None:
    """429 does not say for how long to wait."""
    del answer.headers["retry-after"]


@TABLE.answers("forgotPassword", 429, "requests_are_few")
def wait_told_as_a_date(answer: Answer) -> None:
    """429 says until when to wait."""
    answer.headers["retry-after"] = "Tue, 01 Jan 2030 00:00:00 GMT"


@TABLE.answers("checkUserExist", 405, "unsupported_method")
def allowed_methods_not_told(answer: Answer) -> None:
    """405 does not say which methods there are."""
    del answer.headers["allow"]


@TABLE.answers("requestToken", 405, "unknown_methods_are_refused")
def allowed_methods_left_out(answer: Answer) -> None:
    """405 says of one method only that it is there."""
    answer.headers["allow"] = "GET"


@TABLE.answers("requestToken", 405, "unknown_methods_are_refused")
def unknown_methods_not_found(answer: Answer) -> None:
    """A method that a path does not have is answered with 404."""
    answer.status = 404
