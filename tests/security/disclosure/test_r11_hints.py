"""R11: the hint of a decoy stays the same for each name, and does not reveal that the user is unknown."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import pytest
from sqlalchemy import delete, insert

from meshydb_server.runtime import Services
from meshydb_server.storage.schema import security_questions, users
from tests.security.services import (
    ACCOUNT,
    BY_QUESTION,
    BY_TEXT,
    KEYS,
    TENANT,
    UNKNOWN,
    USERNAME,
    change,
    rows,
    services_on,
)
from tests.support.dependencies import SetClock

pytestmark = pytest.mark.anyio

_EACH: Final = 200
_QUESTIONS: Final = [f"{start} {rest}?" for start in ("What was", "Where is", "Who gave you") for rest in "abcdefgh"]
_Example = tuple[str, str]

_FEATURES: Final[Mapping[str, Callable[[_Example], object]]] = {
    "text": lambda example: example[1],
    "length": lambda example: len(example[1]),
    "first letter": lambda example: example[1][0],
    "first letter is the name's": lambda example: example[1][0].lower() == example[0][0],
    "last letter": lambda example: example[1][-2],
    "shares letters": lambda example: len(set(example[0]) & set(example[1])),
}


def _accuracy(feature: Callable[[_Example], object], known: Sequence[_Example], unknown: Sequence[_Example]) -> float:
    """The accuracy of a classifier trained on half of the examples."""
    seen: defaultdict[object, Counter[bool]] = defaultdict(Counter)
    for kind, examples in ((True, known), (False, unknown)):
        for example in examples[::2]:
            seen[feature(example)][kind] += 1
    right = 0
    for kind, examples in ((True, known), (False, unknown)):
        for example in examples[1::2]:
            votes = seen[feature(example)]
            # Where nothing was learnt, the guess is one and the same, which is right for half of all.
            right += (votes[True] >= votes[False]) == kind
    return right / (len(known[1::2]) + len(unknown[1::2]))


async def _hints(services: Services, names: Sequence[str], tenant: str, attempt: int = 1) -> list[_Example]:
    forgot = services.recovery.forgot_password
    return [(name, (await forgot(ACCOUNT, tenant, name, attempt)).hint) for name in names]


async def _populate(services: Services, names: Sequence[str], chance: random.Random) -> None:
    """Add users to each tenant, each with their own address and one or two questions."""
    seeded = [row for row in await rows(services, users) if row["account"] == ACCOUNT]
    await change(services, delete(security_questions))
    await change(services, delete(users))
    people = [
        {**row, "user_id": chance.randbytes(12).hex(), "username": name, "username_key": name}
        | {"email": f"{name}@example.org", "phone": f"+1555{chance.randrange(10**7):07}"}
        for row in seeded
        for name in names
    ]
    questions = [
        {"account": ACCOUNT, "tenant": BY_QUESTION, "user_id": person["user_id"]}
        | {"position": position, "question": question, "answer_hash": "none"}
        for person in people
        if person["tenant"] == BY_QUESTION
        for position, question in enumerate(chance.sample(_QUESTIONS, chance.choice((1, 2))))
    ]
    await services.database.write(lambda connection: connection.execute(insert(users), people))
    await services.database.write(lambda connection: connection.execute(insert(security_questions), questions))


async def test_r11_a_classifier_is_near_chance(database_url: str) -> None:
    """A classifier trained on the hints of 100 users and 100 decoys does no better than chance on others."""
    # Names, ids and questions as in life, and the same in each run.
    chance = random.Random(11)  # noqa: S311 - nothing is secret here
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = [f"{chance.choice(letters)}{chance.randrange(10**9):09}" for _ in range(2 * _EACH)]
    async with services_on(database_url, unknown_user="decoy") as services:
        await _populate(services, names[:_EACH], chance)
        known, unknown = [await _hints(services, each, BY_QUESTION) for each in (names[:_EACH], names[_EACH:])]
        # The questions that are shown for nobody are those that people have chosen, and many of them.
        assert len({hint for _, hint in unknown}) > len(_QUESTIONS) / 2
        assert {hint for _, hint in unknown} <= set(_QUESTIONS)
        accuracies = {name: _accuracy(feature, known, unknown) for name, feature in _FEATURES.items()}
        assert all(abs(accuracy - 0.5) < 0.1 for accuracy in accuracies.values()), accuracies
        # Where the hint would be an address's, it says nothing at all.
        for tenant in (TENANT, BY_TEXT):
            assert {hint for _, hint in await _hints(services, names[_EACH - 20 : _EACH + 20], tenant)} == {"xxxx"}
    # The classifier does see what differs.
    told = [(name, f"{name[0]}***@example.org") for name, _ in known]
    assert _accuracy(_FEATURES["first letter is the name's"], told, unknown) > 0.9
    assert _accuracy(_FEATURES["text"], known, [(name, "another?") for name, _ in unknown]) > 0.9


async def test_r11_hints_are_stable(database_url: str) -> None:
    """A name gets the same question each time: on each server, in each spelling, later, and under newer keys."""
    chance = random.Random(12)  # noqa: S311 - likewise
    names = [f"user-{number}" for number in range(10)]
    spelled = [UNKNOWN, UNKNOWN.upper(), "\uff4eobody", USERNAME, USERNAME.upper(), *names]
    clock = SetClock()
    async with services_on(database_url, clock, unknown_user="decoy") as services:
        await _populate(services, [USERNAME, *(f"other-{number}" for number in range(30))], chance)
        asked = {attempt: await _hints(services, spelled, BY_QUESTION, attempt) for attempt in (1, 2)}
        clock.move(hours=2)
        assert await _hints(services, spelled, BY_QUESTION) == asked[1]
    hints = dict(asked[1])
    assert hints[UNKNOWN] == hints[UNKNOWN.upper()] == hints["\uff4eobody"]
    assert hints[USERNAME] == hints[USERNAME.upper()]
    assert len(set(hints.values())) > 3
    clock.move(hours=2)
    newer = f"{KEYS[1]},{KEYS[0]}"
    async with services_on(database_url, clock, new=False, unknown_user="decoy", secret_keys=newer) as services:
        for attempt, before in asked.items():
            assert await _hints(services, spelled, BY_QUESTION, attempt) == before


async def test_r11_nobody_has_chosen_a_question(database_url: str) -> None:
    """A tenant whose users have no questions shows unknown users a common one, which no answer completes."""
    async with services_on(database_url, unknown_user="decoy") as services:
        await change(services, delete(security_questions))
        hints = await _hints(services, [USERNAME, UNKNOWN], BY_QUESTION)
    assert {hint for _, hint in hints} == {"What was the name of your first school?"}
