"""The heads that this process has seen: none of them may ever be found lower."""

from __future__ import annotations

from ranvier.storage.errors import HeadWentBack


class SeenHeads:
    """Remembers the highest head of each context.

    A floor is taken before a look at the database begins, and what the look shows is held against
    that floor: another thread may see a newer head meanwhile, and that is no fault.
    """

    def __init__(self) -> None:
        self._heads: dict[int, int] = {}

    def floor(self, context_id: int) -> int:
        """The highest head seen so far."""
        return self._heads.get(context_id, 0)

    def floors(self) -> dict[int, int]:
        """The highest heads seen so far, of all contexts that have shown one."""
        return dict(self._heads)

    def hold_against(self, context: str, context_id: int, floor: int, found: int) -> None:
        """Raise `HeadWentBack` if what was found is lower than the floor, else remember it."""
        if found < floor:
            raise HeadWentBack(context, floor, found)
        if found > self._heads.get(context_id, 0):
            self._heads[context_id] = found

    def forget(self, context_id: int) -> None:
        """A deleted context does not come back; one of its name has another id."""
        self._heads.pop(context_id, None)
