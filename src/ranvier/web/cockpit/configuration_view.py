"""What all nodes share, key by key, and how it came to be; secrets are never shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ranvier.cluster.configuration import ConfigurationRevision
from ranvier.config.keys import Key
from ranvier.config.settings import Settings
from ranvier.config.shared_configuration import AT_START, LIVE, masked, shared_key, value_of
from ranvier.web.cluster_nodes import time_text
from ranvier.web.cockpit.texts import _

MASK: Final = "***"


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """A key that can be set for all nodes."""

    key: Key
    shared: str | None
    """What the cluster has set, masked; None where each node's own settings count."""
    in_use: str
    """What the node that answers works by, masked."""
    source: str
    """Where that comes from."""
    applies: str

    @property
    def help(self) -> str:
        """What the key is for, as a sentence."""
        text = self.key.help.replace("`", "")
        return f"{text[:1].upper()}{text[1:]}."

    @property
    def is_secret(self) -> bool:
        """Whether its value is never shown."""
        return self.key.kind.is_secret


@dataclass(frozen=True, slots=True)
class ShownRevision:
    """A revision, and what it changed."""

    number: int
    author: str
    made_at: str | None
    state: str
    reason: str
    changes: Sequence[str]


def shown_settings(settings: Settings, in_force: ConfigurationRevision) -> Sequence[ShownSetting]:
    """Return every key that can be shared, sorted by name."""
    shared = masked(in_force.values)
    return [
        shown_setting(shared_key(name), settings, shared.get(name))
        for name in sorted(LIVE | AT_START)
    ]


def shown_setting(key: Key, settings: Settings, shared: str | None) -> ShownSetting:
    """Return one key as this node works by it, and as the cluster has set it."""
    value = value_of(settings, key.name)
    return ShownSetting(
        key=key,
        shared=shared,
        in_use=value_text(value, is_secret=key.kind.is_secret),
        source=source_of(key.name, settings, is_shared=shared is not None),
        applies=_("at once") if key.name in LIVE else _("at the next start of each node"),
    )


def value_text(value: object, *, is_secret: bool) -> str:
    """Return a value as people write it."""
    if value is None:
        return ""
    if is_secret:
        return MASK
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def source_of(name: str, settings: Settings, *, is_shared: bool) -> str:
    """Return where the value of a key comes from on this node, in words."""
    if is_shared:
        return _("the cluster")
    return _("its own settings") if name in settings.given else _("the default")


def shown_history(revisions: Sequence[ConfigurationRevision]) -> Sequence[ShownRevision]:
    """Return revisions as they are listed, the newest first as they came."""
    by_number = {revision.number: revision for revision in revisions}
    return [
        ShownRevision(
            number=each.number,
            author=each.author,
            made_at=time_text(each.made_at_ms),
            state=each.state.value,
            reason=each.reason,
            changes=changes_of(each, by_number.get(each.replaces)),
        )
        for each in revisions
        if each.number
    ]


def changes_of(
    revision: ConfigurationRevision, before: ConfigurationRevision | None
) -> Sequence[str]:
    """Return what a revision changed, in words; nothing where what it replaced is not known."""
    if before is None and revision.replaces:
        return ()
    old: Mapping[str, str] = before.values if before is not None else {}
    names = sorted(
        name for name in {*old, *revision.values} if old.get(name) != revision.values.get(name)
    )
    shown = masked(revision.values)
    return [
        f"{name} = {shown[name]}" if name in shown else _("%(key)s: taken away", key=name)
        for name in names
    ]
