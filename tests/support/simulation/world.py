"""Virtual time, chance from one seed, and parties that live, freeze, die and lose each other.

Nothing here waits: the next thing to happen is taken from a heap, and time is what it says.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from heapq import heappop, heappush
from random import Random
from typing import Any

NOTICE_SECONDS = 2.0
"""The longest until a side notices that a connection is lost."""

LATENCY_SECONDS = 0.0005

RESEND_SECONDS = 0.2
"""After which a lost packet is sent again for the first time; then after twice as long."""

RESEND_SECONDS_MAX = 2.0


class World:
    """What happens, in its order; `digest` is the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.now = 0.0
        self.steps = 0
        self.slow: dict[str, float] = {}
        """By party: how much later than usual what it sends and gets arrives, at most."""
        self.lossy: dict[str, float] = {}
        """By party: the share of the packets that it sends or gets which have to be sent again."""
        self.clogged: dict[tuple[str, str], float] = {}
        """By sender and receiver: until when nothing arrives, though nothing is lost."""
        self.cuts: set[tuple[str, str]] = set()
        """Pairs of names, sorted, between which nothing gets through."""
        self._due: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._digest = blake2b(digest_size=16)

    @property
    def digest(self) -> str:
        """Stands for all that was noted so far."""
        return self._digest.hexdigest()

    def note(self, text: str) -> None:
        """Let something count in the digest."""
        self._digest.update(f"{self.now!r} {text}\n".encode())

    def after(self, seconds: float, do: Callable[..., None], *arguments: Any) -> None:
        """Let something happen so much later."""
        self.steps += 1
        heappush(self._due, (self.now + seconds, self.steps, do, arguments))

    def run(self, until: float) -> None:
        """Let everything happen that is due before a time."""
        due = self._due
        while due and due[0][0] <= until:
            self.now, _, do, arguments = heappop(due)
            do(*arguments)
        self.now = until


class Party:
    """A process: what it does is forgotten when it dies, and waits while it is frozen."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.life = 1
        """Counts how often it was started."""
        self.is_up = True
        self.is_frozen = False
        self.connections: dict[Connection, None] = {}
        self._backlog: list[tuple[int, Callable[..., None], tuple[Any, ...]]] = []

    @property
    def answers(self) -> bool:
        """Whether it takes part in anything at this moment."""
        return self.is_up and not self.is_frozen

    def after(self, seconds: float, do: Callable[..., None], *arguments: Any) -> None:
        """Do something so much later, in this life."""
        self.world.after(seconds, self.do, self.life, do, arguments)

    def do(self, life: int, do: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        """Do something now, or when it is thawed; nothing if that life is over."""
        if life != self.life or not self.is_up:
            return
        if self.is_frozen:
            self._backlog.append((life, do, arguments))
        else:
            do(*arguments)

    def kill(self) -> None:
        """End it at once."""
        self.world.note(f"kill {self.name}")
        self.is_up = self.is_frozen = False
        self._backlog.clear()
        for connection in list(self.connections):
            connection.lose()

    def start(self) -> None:
        """Begin another life."""
        self.world.note(f"start {self.name}")
        self.life += 1
        self.is_up = True
        self.began()

    def began(self) -> None:
        """Do what comes first in a life."""

    def freeze(self) -> None:
        """Stand still; the others notice in time that it is silent."""
        self.world.note(f"freeze {self.name}")
        self.is_frozen = True
        for connection in list(self.connections):
            self.world.after(NOTICE_SECONDS, self._was_silent, connection, self.life)

    def thaw(self) -> None:
        """Go on, first with what came meanwhile."""
        self.world.note(f"thaw {self.name}")
        self.is_frozen = False
        backlog, self._backlog = self._backlog, []
        for each in backlog:
            self.do(*each)

    def _was_silent(self, connection: Connection, life: int) -> None:
        if self.is_frozen and life == self.life:
            connection.lose()


class Connection:
    """Between two parties: what is sent arrives in order, or the connection is lost.

    `lost` of each side is called when that side notices; what it sends before is sent in vain.
    """

    def __init__(self, dialler: Party, dialled: Party) -> None:
        self.world = dialler.world
        self.ends = (dialler, dialled)
        self.is_open = True
        self.on_lost: dict[Party, Callable[[Connection], None]] = {}
        self._lives = (dialler.life, dialled.life)
        self._due = [0.0, 0.0]
        for end in self.ends:
            end.connections[self] = None

    def send(self, sender: Party, do: Callable[..., None], *arguments: Any) -> None:
        """Let the other side do something when this arrives."""
        way = 0 if sender is self.ends[0] else 1
        world = self.world
        latency = LATENCY_SECONDS
        if world.slow:
            slow = sum(world.slow.get(end.name, 0.0) for end in self.ends)
            latency += slow * world.random.random()
        if world.lossy or world.clogged:
            latency += self._held_seconds(sender, self.ends[1 - way])
        due = self._due[way] = max(self._due[way], world.now + latency)
        world.after(due - world.now, self._arrive, 1 - way, do, arguments)

    def _held_seconds(self, sender: Party, receiver: Party) -> float:
        """Return how much later something arrives because it was lost, or is held up."""
        world, held = self.world, 0.0
        lossy = world.lossy
        share = max(lossy.get(sender.name, 0.0), lossy.get(receiver.name, 0.0)) if lossy else 0.0
        again = RESEND_SECONDS
        while share and again < RESEND_SECONDS_MAX and world.random.random() < share:
            held += again
            again *= 2
        clogged_until = world.clogged.get((sender.name, receiver.name), 0.0)
        return held + max(0.0, clogged_until - world.now)

    def lose(self) -> None:
        """Break; each side that lives notices in its own time."""
        if not self.is_open:
            return
        self.is_open = False
        for end, life in zip(self.ends, self._lives, strict=True):
            end.connections.pop(self, None)
            if end.is_up and end.life == life and end in self.on_lost:
                soon = self.world.random.random() < 0.5
                wait = LATENCY_SECONDS if soon else self.world.random.random() * NOTICE_SECONDS
                self.world.after(wait, end.do, life, self.on_lost[end], (self,))

    def _arrive(self, to: int, do: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        if self.is_open:
            self.ends[to].do(self._lives[to], do, arguments)


def pair_of(one: Party, other: Party) -> tuple[str, str]:
    """Return the names of two parties in their one order."""
    return (one.name, other.name) if one.name < other.name else (other.name, one.name)


def dial(dialler: Party, dialled: Party) -> Connection | None:
    """Connect two parties; None where nobody answers."""
    if not dialled.answers or pair_of(dialler, dialled) in dialler.world.cuts:
        return None
    return Connection(dialler, dialled)


def cut(one: Party, other: Party) -> None:
    """Let nothing through between two parties."""
    one.world.note(f"cut {one.name} {other.name}")
    one.world.cuts.add(pair_of(one, other))
    for connection in list(one.connections):
        if other in connection.ends:
            connection.lose()
