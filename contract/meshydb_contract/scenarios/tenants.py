"""Stories of two tenants of an account, who know nothing of each other."""

from __future__ import annotations

from meshydb_contract.scenarios._stage.stage import PASSWORD, Stage


def users_are_of_one_tenant(stage: Stage) -> None:
    """A user of one tenant is to another what never existed."""
    other, token = stage.elsewhere, stage.administrator(stage.elsewhere)
    person = stage.person()
    path, body = {"id": person.id}, stage.registration(other, person.username)
    if stage.exists(other, person.username):
        stage.object("checkUserExist", "A username is taken in a tenant that has no such user.")
    found = stage.call("searchUsers", other, query={"name": person.username}, token=token)
    found.must_be(200, "Users cannot be searched.").must_say("A search finds another tenant's user.", totalRecords=0)
    everybody = stage.call("searchUsers", other, query={"pageSize": "200", "orderBy": "{_id:-1}"}, token=token)
    if person.id in {user["id"] for user in everybody.must_be(200, "Users cannot be searched.").json["results"]}:
        everybody.object("A search finds another tenant's user.")
    stage.call("getUser", other, path=path, token=token).must_be(404, "Another tenant's user can be read.")
    stage.call("updateUser", other, body, path=path, token=token).must_be(404, "Another tenant's user can be changed.")
    stage.call("deleteUser", other, path=path, token=token).must_be(404, "Another tenant's user can be deleted.")
    # Servers may answer those whom they do not know as if they did.
    nobody = stage.call("forgotPassword", other, {"username": stage.free_name(other), "attempt": 1})
    asked = stage.call("forgotPassword", other, {"username": person.username, "attempt": 1})
    asked.must_be(nobody.status, "Another tenant's user is not asked for like nobody.")
    stage.log_in(person)


def logins_are_of_one_tenant(stage: Stage) -> None:
    """Users, keys and tokens of one tenant are good for nothing in another."""
    other, person = stage.elsewhere, stage.person()
    tokens = stage.log_in(person)
    stage.me(other, tokens).must_be(401, "An access token is good in another tenant.")
    stage.try_refresh(other, tokens).must_be(400, "A refresh token is good in another tenant.")
    stage.try_log_in(other, person.username, PASSWORD).must_be(400, "A user can log in to another tenant.")
    form = {"client_id": stage.public_key(other), "token": tokens["refresh_token"]}
    stage.call("revokeToken", other, form).must_be(200, "An unknown token is refused.")
    stage.me(person.tenant, tokens).must_be(200, "A login can be ended by another tenant.")


def requests_are_of_one_tenant(stage: Stage) -> None:
    """The hash and the code of one tenant's user are good for nothing in another, even for one of the same name."""
    other, person = stage.elsewhere, stage.person()
    namesake = stage.person(other, username=person.username)
    request = stage.ask(person)
    stage.ask(namesake)
    stage.check(other, request).must_say("A code is said to be right in another tenant.", isValid=False)
    stage.reset(other, request).must_be(400, "The hash of another tenant is accepted.")
    stage.log_in(namesake)
    stage.log_in(person)
    stage.check(person.tenant, request).must_say("The right code is said to be wrong.", isValid=True)
