"""Registrations."""

from attrs import frozen

from meshydb._models.new_person import NewPerson


@frozen
class RegisterUser(NewPerson):
    """A user who registers. `to_dict` holds the password, and the answers to security questions.

    Attributes:
        username: The name to log in with, of 1 to 256 letters, digits and ASCII punctuation (UsernameCasePreserved of
            RFC 8265), without `/`; not `.` or `..`.
        new_password: The password, of 8 to 128 characters. Not in the `repr`.
        first_name: The given name, of at most 256 characters.
        last_name: The family name, of at most 256 characters.
        phone_number: In international format, `+` and up to 15 digits. Required if the tenant sends codes by text.
        email_address: At most 254 characters. Required if the tenant sends codes by email.
        security_questions: At most 10. Required if the tenant asks security questions.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: A value is out of bounds.
    """
