"""Roles, their permissions, and what permissions can be for."""

from attrs import field, frozen

from meshydb._models.fields import by, by_optional
from meshydb._models.model import Model
from meshydb._validation import check_bool, check_int, check_str


@frozen
class Role(Model):
    """A role. Its permissions say what its users may do.

    Attributes:
        id: The id of the role, of 24 hexadecimal digits.
        name: The name of the role, in letters. Names of system roles begin with `meshy.`.
        description: What the role is for, or None.
        number_of_users: The number of users who were given the role.
    """

    id: str = field(validator=by(check_str))
    name: str = field(validator=by(check_str))
    description: str | None = field(validator=by_optional(check_str))
    number_of_users: int = field(validator=by(check_int))


@frozen(kw_only=True)
class Permission(Model):
    """What a role permits on one permissible.

    Attributes:
        id: The id of the permission, of 24 hexadecimal digits.
        permissible_name: What the permission is for, in lower case, such as `users` or `meshes.task`.
        create: Whether it permits to create.
        read: Whether it permits to read.
        update: Whether it permits to change.
        delete: Whether it permits to delete.
    """

    id: str = field(validator=by(check_str))
    permissible_name: str = field(validator=by(check_str))
    create: bool = field(validator=by(check_bool))
    read: bool = field(validator=by(check_bool))
    update: bool = field(validator=by(check_bool))
    delete: bool = field(validator=by(check_bool))


@frozen(kw_only=True)
class Permissible(Model):
    """What a permission can be for, and the operations that it supports.

    Attributes:
        name: The name, in lower case, such as `users` or `meshes.task`.
        can_create: Whether a permission can include `create`.
        can_read: Whether a permission can include `read`.
        can_update: Whether a permission can include `update`.
        can_delete: Whether a permission can include `delete`.
    """

    name: str = field(validator=by(check_str))
    can_create: bool = field(validator=by(check_bool))
    can_read: bool = field(validator=by(check_bool))
    can_update: bool = field(validator=by(check_bool))
    can_delete: bool = field(validator=by(check_bool))
