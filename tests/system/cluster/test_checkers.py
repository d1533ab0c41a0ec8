"""Each checker accepts every right history and finds every planted fault."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.checkers.acknowledged import acknowledged_faults
from tests.support.checkers.append_conditions import append_condition_faults
from tests.support.checkers.commands import command_faults
from tests.support.checkers.configuration import ChangeNote, Decision, configuration_faults
from tests.support.checkers.convergence import ClusterView, convergence_faults
from tests.support.checkers.history import (
    AppendNote,
    CommandNote,
    Condition,
    Delivery,
    Effect,
    FencedWrite,
    LoggedEvent,
    Told,
)
from tests.support.checkers.joining import Admission, Taken, joining_faults
from tests.support.checkers.leases import lease_faults
from tests.support.checkers.readers import reader_faults
from tests.support.checkers.real_time_order import real_time_order_faults

KEYS = ("red", "green", "blue")
seeds = st.integers(0, 1 << 32)


class Store:
    """Appends one after the other, each at one moment, as a right store would."""

    def __init__(self, seed: int, appends: int = 30) -> None:
        self.choose = random.Random(seed)
        self.log: list[LoggedEvent] = []
        self.notes: list[AppendNote] = []
        for number in range(appends):
            self._append(number)

    def _append(self, number: int) -> None:
        choose = self.choose
        invoked = number - choose.random() * 5
        completed = number + choose.random() * 5
        keys = frozenset(choose.sample(KEYS, choose.randrange(3)))
        condition = Condition(choose.randrange(len(self.log) + 1), keys)
        note = AppendNote(f"e{number}", invoked, completed, condition=condition)
        if any(event.keys & keys for event in self.log[condition.marker :]):
            self.notes.append(replace(note, told=Told.FAILED))
            return
        fate = choose.choice(("ok", "ok", "ok", "stored, unknown", "unknown"))
        if fate != "unknown":
            self.log.append(LoggedEvent(note.id, keys))
        told = Told.OK if fate == "ok" else Told.UNKNOWN
        token = len(self.log) - 1 if fate == "ok" else None
        self.notes.append(replace(note, told=told, token=token))

    def acknowledged(self) -> AppendNote:
        return self.choose.choice([note for note in self.notes if note.told is Told.OK])


@given(seeds)
def test_a_right_store_has_no_faults(seed: int) -> None:
    store = Store(seed)
    assert not list(acknowledged_faults(store.notes, store.log))
    assert not list(real_time_order_faults(store.notes, store.log))
    assert not list(append_condition_faults(store.notes, store.log))


@given(seeds)
def test_a_lost_event_is_found(seed: int) -> None:
    store = Store(seed)
    lost = store.acknowledged()
    log = [event for event in store.log if event.id != lost.id]
    assert f"{lost.id} was acknowledged and is lost" in acknowledged_faults(store.notes, log)


@given(seeds)
def test_a_doubled_event_is_found(seed: int) -> None:
    store = Store(seed)
    doubled = store.acknowledged()
    log = [*store.log, LoggedEvent(doubled.id)]
    assert f"{doubled.id} is stored 2 times" in acknowledged_faults(store.notes, log)


@given(seeds)
def test_a_stored_refusal_and_a_stranger_are_found(seed: int) -> None:
    store = Store(seed)
    notes = [*store.notes, AppendNote("refused", 0, 1, Told.FAILED)]
    log = [*store.log, LoggedEvent("refused"), LoggedEvent("stranger")]
    assert list(acknowledged_faults(notes, log)) == [
        "refused was refused and is stored",
        "stranger is stored and nobody appended it",
    ]


@given(seeds)
def test_a_wrong_token_is_found(seed: int) -> None:
    store = Store(seed)
    log = [LoggedEvent("before"), *store.log]
    notes = [*store.notes, AppendNote("before", 0)]
    found = list(acknowledged_faults(notes, log))
    assert len(found) == sum(note.told is Told.OK for note in store.notes)


@given(seeds)
def test_an_event_before_one_that_was_acknowledged_earlier_is_found(seed: int) -> None:
    store = Store(seed)
    late = AppendNote("late", 1000, 1001, Told.OK)
    assert not list(real_time_order_faults([*store.notes, late], [*store.log, LoggedEvent("late")]))
    (fault,) = real_time_order_faults([*store.notes, late], [LoggedEvent("late"), *store.log])
    assert fault.startswith("late was asked for after")


@given(seeds, st.sampled_from(KEYS))
def test_a_missed_condition_is_found(seed: int, key: str) -> None:
    store = Store(seed)
    between = LoggedEvent("between", frozenset({key}))
    blind = AppendNote("blind", 0, condition=Condition(len(store.log), frozenset({key})))
    log = [*store.log, between, LoggedEvent("blind")]
    (fault,) = append_condition_faults([*store.notes, blind], log)
    assert fault.startswith("blind at ")
    before_the_marker = replace(blind, condition=Condition(len(log) - 1, frozenset({key})))
    assert not list(append_condition_faults([*store.notes, before_the_marker], log))


def delivered(log: list[LoggedEvent], start: int = 0) -> list[Delivery]:
    return [Delivery(token, log[token].id) for token in range(start, len(log))]


@given(seeds)
def test_a_reader_of_everything_has_no_faults(seed: int) -> None:
    log = Store(seed).log
    start = len(log) // 2
    assert not list(reader_faults(delivered(log), log))
    assert not list(reader_faults(delivered(log)[:start], log))
    assert not list(reader_faults(delivered(log, start), log, start=start))


@given(seeds)
def test_skipped_repeated_swapped_and_foreign_events_are_found(seed: int) -> None:
    log = Store(seed).log
    all_ = delivered(log)
    at = random.Random(seed).randrange(len(all_) - 1)
    assert list(reader_faults([*all_[:at], *all_[at + 1 :]], log)) == [f"{at} to {at} were skipped"]
    (again,) = reader_faults([*all_[: at + 1], *all_[at:]], log)
    assert again.startswith(f"{at} came when {at + 1} was due")
    swapped = [*all_[:at], all_[at + 1], all_[at], *all_[at + 2 :]]
    assert len(list(reader_faults(swapped, log))) == 2
    other = [*log[:at], LoggedEvent("other"), *log[at + 1 :]]
    (foreign,) = reader_faults(all_, other)
    assert foreign.endswith("where the log has other")
    (unlogged,) = reader_faults(all_, log[:-1])
    assert unlogged.endswith("is not in the log")


class Handlers:
    """Handles each key's commands one after the other, now by one handler, now by another."""

    def __init__(self, seed: int, commands: int = 30) -> None:
        choose = random.Random(seed)
        self.notes: list[CommandNote] = []
        self.effects: list[Effect] = []
        self.now = 0.0
        numbers: dict[tuple[str, str], int] = {}
        for place in range(commands):
            key, client = choose.choice(KEYS), choose.choice("ab")
            number = numbers[key, client] = numbers.get((key, client), -1) + 1
            told = choose.choice((Told.OK, Told.OK, Told.FAILED, Told.UNKNOWN))
            self.notes.append(CommandNote(f"c{place}", key, client, number, told))
            if told is Told.OK or (told is Told.UNKNOWN and choose.random() < 0.5):
                self.effect(f"c{place}", choose.choice(("h1", "h2")))

    def effect(self, command_id: str, handler: str) -> None:
        self.effects.append(Effect(command_id, handler, self.now, self.now + 1))
        self.now += 1

    def faults(self) -> list[str]:
        return list(command_faults(self.notes, self.effects))


@given(seeds)
def test_right_handlers_have_no_faults(seed: int) -> None:
    assert not Handlers(seed).faults()


@given(seeds)
def test_a_second_effect_is_found(seed: int) -> None:
    handlers = Handlers(seed)
    twice = handlers.effects[0].command_id
    handlers.effect(twice, "h1")
    assert f"{twice} had 2 effects" in handlers.faults()


@given(seeds, st.sampled_from([(Told.OK, False), (Told.FAILED, True)]))
def test_an_answer_that_is_not_true_is_found(seed: int, case: tuple[Told, bool]) -> None:
    told, has_effect = case
    handlers = Handlers(seed)
    handlers.notes.append(CommandNote("false", "red", "c", 0, told))
    if has_effect:
        handlers.effect("false", "h1")
    (fault,) = handlers.faults()
    assert fault.startswith("false was ")


@given(seeds)
def test_two_handlers_of_one_key_at_once_are_found(seed: int) -> None:
    handlers = Handlers(seed)
    handlers.notes += [CommandNote(name, "own", "c", 0, Told.OK) for name in ("x", "y")]
    start = handlers.now
    handlers.effects += [Effect("x", "h1", start, start + 2), Effect("y", "h2", start + 1, start)]
    assert "own was handled by h1 and h2 at once" in handlers.faults()


@given(seeds)
def test_a_changed_order_and_a_stranger_are_found(seed: int) -> None:
    handlers = Handlers(seed)
    handlers.notes += [CommandNote(f"own{n}", "own", "c", n, Told.OK) for n in range(2)]
    for command in ("own1", "own0", "stranger"):
        handlers.effect(command, "h1")
    assert handlers.faults() == [
        "stranger had an effect and nobody sent it",
        "own0 of c was handled after a later one for own",
    ]


@given(seeds)
def test_leases_one_after_the_other_have_no_faults(seed: int) -> None:
    choose = random.Random(seed)
    fence = 0
    writes = []
    for _ in range(30):
        fence += choose.random() < 0.3
        writes.append(FencedWrite(f"node-{fence % 3}", fence))
    assert not list(lease_faults(writes))
    fault = next(lease_faults([*writes, FencedWrite("frozen", writes[-1].fence - 1)]))
    assert fault.startswith("frozen wrote under fence")
    (shared,) = lease_faults([*writes, FencedWrite("thief", writes[-1].fence)])
    assert shared.endswith(f"and thief both wrote under fence {writes[-1].fence}")


SETTLED = ClusterView({"a": ("a", "b"), "b": ("a", "b")}, {"commands": 0}, {"jobs": "a"})


def test_a_settled_cluster_has_no_faults() -> None:
    assert not list(convergence_faults(SETTLED))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (replace(SETTLED, views={"a": ("a",), "b": ("a", "b")}), "b sees"),
        (replace(SETTLED, waiting={"commands": 3}), "3 wait in commands"),
        (replace(SETTLED, lease_holders={"jobs": "c"}), "jobs is held by c"),
    ],
)
def test_what_has_not_settled_is_found(found: ClusterView, said: str) -> None:
    (fault,) = convergence_faults(found)
    assert fault.startswith(said)


AGREED = {"one": "", "two": ""}
BOTH = frozenset(AGREED)
FIRST = Decision(1, 0, 1, is_accepted=True, verdicts=AGREED, asked=BOTH)


def test_a_chain_of_revisions_that_all_agreed_to_has_no_faults() -> None:
    refused = Decision(2, 1, 2, is_accepted=False, verdicts={"one": "no"}, asked=BOTH)
    third = Decision(3, 1, 2, is_accepted=True, verdicts=AGREED, asked=BOTH)
    notes = [ChangeNote(1, Told.OK), ChangeNote(2, Told.FAILED), ChangeNote(3, Told.UNKNOWN)]
    assert not list(configuration_faults([FIRST, refused, third], notes))


@pytest.mark.parametrize(
    ("second", "note", "said"),
    [
        (replace(FIRST, number=2, replaces=0, value=2), None, "revision 2 replaces 0"),
        (replace(FIRST, number=2, replaces=1, value=1), None, "a change is lost"),
        (replace(FIRST, number=2, replaces=1, value=2, verdicts={"one": ""}), None, "two has not"),
        (replace(FIRST, number=2, is_accepted=False), ChangeNote(2, Told.OK), "it does not"),
        (replace(FIRST, number=2, is_accepted=False), ChangeNote(1, Told.FAILED), "it counts"),
    ],
)
def test_what_is_wrong_with_a_configuration_is_found(
    second: Decision, note: ChangeNote | None, said: str
) -> None:
    found = list(configuration_faults([FIRST, second], [note] if note else []))
    assert len(found) == 1
    assert said in found[0]


def test_what_is_wrong_with_joining_is_found() -> None:
    admissions = [Admission("token", "one"), Admission("token", "one"), Admission("other", "two")]
    taken = [Taken("name", "one", "two", silent_seconds=5.0)]
    assert not list(joining_faults(admissions, taken, 3.0))
    admissions += [Admission("token", "three"), Admission("last", "four", is_expired=True)]
    taken += [Taken("name", "two", "one", silent_seconds=1.0)]
    assert len(list(joining_faults(admissions, taken, 3.0))) == 3
