"""What the environment says: `RANVIER_*`, and the variables that Axon users have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ranvier.config.axon_properties import reason_for_no_effect
from ranvier.config.known_names import find_axon_name, find_key, nearest
from ranvier.config.origins import Given, Layer, Notice, Origin
from ranvier.config.settings import KEYS

CONFIG_FILE_VARIABLE: Final = "RANVIER_CONFIG"
"""Names the file that `--config` names otherwise."""

_OWN_PREFIX: Final = "RANVIER_"
_AXON_PREFIX: Final = "AXONIQ_AXONSERVER_"
_AXON_VARIABLES: Final = frozenset(name.environment for key in KEYS for name in key.axon)

_SERVICE_LINK: Final = re.compile(
    r".*(_SERVICE_HOST|_SERVICE_PORT(_\w+)?|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
"""Kubernetes describes each service of a namespace in variables; one may be called `ranvier`."""


class Environment:
    """The two layers of the environment; empty variables count as not set."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.own: dict[str, Given] = {}
        self.axon: dict[str, Given] = {}
        self.notices: list[Notice] = []
        for variable, text in sorted(variables.items()):
            if text and not _is_service_link(variable, text):
                self._take(variable, text)

    def _take(self, variable: str, text: str) -> None:
        if variable.startswith(_OWN_PREFIX):
            self._take_own(variable, text)
        elif variable.startswith(_AXON_PREFIX) or variable in _AXON_VARIABLES:
            self._take_axon(variable, text)

    def _take_own(self, variable: str, text: str) -> None:
        key = find_key(variable.removeprefix(_OWN_PREFIX))
        if key is not None:
            origin = Origin(Layer.RANVIER_VARIABLE, f"variable {variable}")
            self.own[key.name] = Given(text, origin)
        elif variable != CONFIG_FILE_VARIABLE:
            hint = nearest(variable, (known.environment for known in KEYS), prefix=_OWN_PREFIX)
            self.notices.append(Notice(variable, f"is no setting; {hint}"))

    def _take_axon(self, variable: str, text: str) -> None:
        found = find_axon_name(variable)
        if found is not None:
            key, name = found
            origin = Origin(Layer.AXON_VARIABLE, f"variable {variable}")
            self.axon.setdefault(key.name, Given(text, origin, name.kind))
        elif reason := reason_for_no_effect(variable):
            self.notices.append(Notice(variable, f"has no effect: {reason}."))
        else:
            hint = nearest(variable, sorted(_AXON_VARIABLES), prefix=_AXON_PREFIX)
            self.notices.append(Notice(variable, f"is no property that Ranvier knows; {hint}"))


def _is_service_link(variable: str, text: str) -> bool:
    if _SERVICE_LINK.fullmatch(variable) is not None:
        return True
    return variable.endswith("_PORT") and "://" in text
