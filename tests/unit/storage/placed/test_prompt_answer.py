from __future__ import annotations

import asyncio

from ranvier.storage.errors import StorageUnavailable
from ranvier.storage.placed.prompt_answer import PromptAnswer


async def test_an_answer_in_time_is_given() -> None:
    answers = iter([1, 2])

    async def ask() -> int:
        return next(answers)

    prompt = PromptAnswer(ask, 0)
    assert [await prompt.get(), await prompt.get()] == [1, 2]


async def test_where_nothing_is_answered_the_last_answer_counts() -> None:
    answers: list[int | StorageUnavailable] = [StorageUnavailable("gone"), 7]

    async def ask() -> int:
        answer = answers.pop()
        if isinstance(answer, StorageUnavailable):
            raise answer
        return answer

    prompt = PromptAnswer(ask, 0)
    assert [await prompt.get(), await prompt.get()] == [7, 7]


async def test_a_slow_question_is_not_asked_twice_and_its_answer_not_lost() -> None:
    asked, slow = 0, asyncio.Event()

    async def ask() -> int:
        nonlocal asked
        asked += 1
        await slow.wait()
        return asked

    prompt = PromptAnswer(ask, 0)
    assert [await prompt.get(), await prompt.get(), asked] == [0, 0, 1]
    slow.set()
    assert [await prompt.get(), asked] == [1, 1]
