"""Security questions."""

from attrs import field, frozen

from meshydb._models.fields import by
from meshydb._models.model import Model
from meshydb._validation import check_free_text, check_str, check_text


@frozen
class SecurityQuestion(Model):
    """A security question and its answer. `to_dict` holds both.

    Attributes:
        question: The question, of 1 to 256 characters without control characters.
        answer: The answer, of 1 to 256 characters. Case and white space do not matter. Not in the `repr`.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: A value is out of bounds.
    """

    question: str = field(validator=by(check_text))
    answer: str = field(validator=by(check_free_text), repr=False)


@frozen
class SecurityQuestionHash(Model):
    """A security question of a user, without its answer. `to_dict` holds the hash of the answer.

    Attributes:
        question: The question.
        answer_hash: Opaque. Changes with the answer. Not in the `repr`.
    """

    question: str = field(validator=by(check_str))
    answer_hash: str = field(validator=by(check_str), repr=False)
