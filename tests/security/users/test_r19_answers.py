"""R19: answers are stored as salted Argon2id hashes and compared without regard to case and spaces."""

from __future__ import annotations

from typing import Any

import pytest
from argon2 import Type, extract_parameters

from meshydb_server.services.common.passwords import normalise_answer
from meshydb_server.services.users.new_users import NewUser
from meshydb_server.services.users.questions import NewQuestion
from meshydb_server.storage.schema import recoveries, security_questions
from tests.security.services import ACCOUNT, ANSWERS, BY_QUESTION, PASSWORD, ask, caller, refusal, rows, services_on

pytestmark = pytest.mark.anyio

_SAME = [
    "Rex the Dog",
    "REX THE DOG",
    "  rex   the\tdog\n",
    "\uff32\uff45\uff58 \uff34\uff48\uff45 \uff24\uff4f\uff47",
    "Rex\u3000the\u00a0Dog",
]
_OTHERS = ["Rex the Do", "RextheDog", "Rex the Dog 2", "Dog the Rex", "", " ", "R\u00e9x the Dog", "Old Lisbon"]


async def test_r19_spellings_of_one_answer(database_url: str) -> None:
    """Case, spaces and width of letters do not matter; letters, their order and accents do."""
    limits: dict[str, Any] = {
        "recovery_guesses_per_request": "100",
        "recovery_guesses_per_user_and_address_per_day": "100",
    }
    async with services_on(database_url, **limits) as services:
        issued = await ask(services, tenant=BY_QUESTION)
        for answer in _SAME:
            assert await services.completion.check_hash(issued.attempted(answer))
        for answer in _OTHERS:
            assert not await services.completion.check_hash(issued.attempted(answer))
            assert await refusal(services.completion.reset_password(issued.attempted(answer), PASSWORD))
        await services.completion.reset_password(issued.attempted(_SAME[-1]), PASSWORD)


async def test_r19_the_same_answer_stores_different_values(database_url: str) -> None:
    """Equal answers have different Argon2id hashes."""
    question, answer = next(iter(ANSWERS.items()))
    asked = [NewQuestion(question, answer), NewQuestion("And again?", answer)]
    async with services_on(database_url) as services:
        for name in ("one", "other"):
            new = NewUser(username=name, password=PASSWORD, questions=asked)
            await services.registration.register(ACCOUNT, BY_QUESTION, new)
        await services.own_account.set_questions(await caller(services, tenant=BY_QUESTION), asked)
        stored = [row for row in await rows(services, security_questions) if row["account"] == ACCOUNT]
        await ask(services, tenant=BY_QUESTION)
        (request,) = await rows(services, recoveries)
    hashes = {row["answer_hash"] for row in stored}
    assert len(hashes) == len(stored) == 6
    assert {extract_parameters(each).type for each in hashes} == {Type.ID}
    assert len({each.split("$")[4] for each in hashes}) == 6
    assert request["answer_hash"] in hashes
    for text in (answer, normalise_answer(answer)):
        assert text not in repr(stored) + repr(request)


async def test_r19_the_attempt_selects_the_question(database_url: str) -> None:
    """Attempts cycle through the questions, and only the answer to the selected one is right."""
    questions = list(ANSWERS)
    async with services_on(database_url) as services:
        for attempt, expected in ((1, 0), (2, 1), (3, 0), (4, 1)):
            issued = await ask(services, tenant=BY_QUESTION, attempt=attempt)
            assert issued.request.hint == questions[expected]
            assert not await services.completion.check_hash(issued.attempted(ANSWERS[questions[1 - expected]]))
            assert await services.completion.check_hash(issued.attempted())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Stra\u00dfe", "STRASSE"),
        ("ros\u00e9", "rose\u0301"),
        ("\ufb01sh", "FISH"),
        (" a  b ", "a b"),
        ("\u212b", "\u00e5"),
    ],
)
def test_r19_normalisation(one: str, other: str) -> None:
    """Compatible, folded and composed forms of an answer are equal; normalising twice changes nothing."""
    assert normalise_answer(one) == normalise_answer(other) == normalise_answer(normalise_answer(one))
