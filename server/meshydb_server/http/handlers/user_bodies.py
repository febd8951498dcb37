"""Converts users between the contract's schemas and the services' classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meshydb_server import timestamps
from meshydb_server.services.users import NewQuestion, NewUser, Profile, ProfileChange


def show_user(profile: Profile) -> dict[str, Any]:
    """Render a `User`."""
    user = profile.user
    return {
        "id": user.user_id,
        "username": user.username,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "verified": user.verified,
        "isActive": user.is_active,
        "phoneNumber": user.phone,
        "emailAddress": user.email,
        "roles": [{"name": role.name, "addedDate": timestamps.to_text(role.added_at)} for role in profile.roles],
        "securityQuestions": [
            {"question": each.question, "answerHash": each.answer_hash} for each in profile.questions
        ],
        "anonymous": user.anonymous,
        "lastAccessed": None if user.last_accessed is None else timestamps.to_text(user.last_accessed),
    }


def read_new_user(body: Mapping[str, Any], *, verified: bool = False, is_active: bool = True) -> NewUser:
    """Read the members that `RegisterUser` and `NewUser` share."""
    return NewUser(
        username=body["username"],
        password=body["newPassword"],
        first_name=body.get("firstName"),
        last_name=body.get("lastName"),
        phone=body.get("phoneNumber"),
        email=body.get("emailAddress"),
        questions=read_questions(body),
        verified=verified,
        is_active=is_active,
    )


def read_change(body: Mapping[str, Any]) -> ProfileChange:
    """Read the members that `SelfUpdate` and `UserUpdate` share."""
    return ProfileChange(
        username=body.get("username"),
        first_name=body.get("firstName"),
        last_name=body.get("lastName"),
        phone=body.get("phoneNumber"),
        email=body.get("emailAddress"),
        roles=None if body.get("roles") is None else read_roles(body),
    )


def read_roles(body: Mapping[str, Any]) -> Sequence[str]:
    """The names of the roles in a body, if any."""
    return [role["name"] for role in body.get("roles", ())]


def read_questions(body: Mapping[str, Any]) -> Sequence[NewQuestion]:
    """The security questions in a body, if any."""
    return [NewQuestion(each["question"], each["answer"]) for each in body.get("securityQuestions", ())]
