"""Scenarios of tenants: two tenants of an account are isolated from each other."""

from __future__ import annotations

from meshydb_contract.scenarios._context.context import PASSWORD, Context


def users_are_of_one_tenant(context: Context) -> None:
    """A user of one tenant does not exist in another."""
    other, token = context.other_tenant, context.admin_token(context.other_tenant)
    user = context.create_user()
    path, body = {"id": user.id}, context.registration_body(other, user.username)
    if context.exists(other, user.username):
        context.fail("checkUserExist", "A username is taken in a tenant that has no such user.")
    found = context.call("searchUsers", other, query={"name": user.username}, token=token)
    found.expect(200, "Users cannot be searched.").expect_members(
        "A search finds another tenant's user.", totalRecords=0
    )
    everybody = context.call("searchUsers", other, query={"pageSize": "200", "orderBy": "{_id:-1}"}, token=token)
    if user.id in {user["id"] for user in everybody.expect(200, "Users cannot be searched.").json["results"]}:
        everybody.fail("A search finds another tenant's user.")
    context.call("getUser", other, path=path, token=token).expect(404, "Another tenant's user can be read.")
    context.call("updateUser", other, body, path=path, token=token).expect(404, "Another tenant's user can be changed.")
    context.call("deleteUser", other, path=path, token=token).expect(404, "Another tenant's user can be deleted.")
    # Servers may return the same response for unknown users as for known ones.
    unknown = context.call("forgotPassword", other, {"username": context.free_username(other), "attempt": 1})
    asked = context.call("forgotPassword", other, {"username": user.username, "attempt": 1})
    asked.expect(unknown.status, "Another tenant's user is not asked for like nobody.")
    context.log_in(user)


def logins_are_of_one_tenant(context: Context) -> None:
    """Users, keys and tokens of one tenant are invalid in another."""
    other, user = context.other_tenant, context.create_user()
    tokens = context.log_in(user)
    context.get_self(other, tokens).expect(401, "An access token is valid in another tenant.")
    context.try_refresh(other, tokens).expect(400, "A refresh token is valid in another tenant.")
    context.try_log_in(other, user.username, PASSWORD).expect(400, "A user can log in to another tenant.")
    form = {"client_id": context.public_key(other), "token": tokens["refresh_token"]}
    context.call("revokeToken", other, form).expect(200, "An unknown token is rejected.")
    context.get_self(user.tenant, tokens).expect(200, "A login can be ended by another tenant.")


def requests_are_of_one_tenant(context: Context) -> None:
    """The hash and code of a user are invalid in another tenant, even for a user of the same name."""
    other, user = context.other_tenant, context.create_user()
    namesake = context.create_user(other, username=user.username)
    request = context.request_reset(user)
    context.request_reset(namesake)
    context.check_code(other, request).expect_members("A code is said to be right in another tenant.", isValid=False)
    context.try_reset(other, request).expect(400, "The hash of another tenant is accepted.")
    context.log_in(namesake)
    context.log_in(user)
    context.check_code(user.tenant, request).expect_members("The right code is said to be wrong.", isValid=True)
