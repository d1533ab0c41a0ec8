"""Options that come together: a command takes a dataclass, its user sees one option per field."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

from typer.models import OptionInfo

Group = TypeVar("Group")


def typer_parameters(command: Callable[..., None]) -> Iterator[inspect.Parameter]:
    """Yield the parameters of a command for Typer, each dataclass among them spread into fields.

    A field is annotated as a parameter of Typer's would be: `Annotated[str, typer.Option("-c")]`.
    """
    hints = get_type_hints(command, include_extras=True)
    groups = groups_of(command)
    for name, parameter in inspect.signature(command).parameters.items():
        if name in groups:
            yield from group_parameters(groups[name])
        else:
            yield _parameter(name, hints[name], parameter.default)


def groups_of(command: Callable[..., None]) -> Mapping[str, type[Any]]:
    """Find the parameters that are dataclasses."""
    return {
        name: hint
        for name, hint in get_type_hints(command).items()
        if isinstance(hint, type) and is_dataclass(hint)
    }


def group_parameters(group: type[Any]) -> Iterator[inspect.Parameter]:
    """Yield a parameter for each field of a dataclass."""
    hints = get_type_hints(group, include_extras=True)
    for each in fields(group):
        default = inspect.Parameter.empty if each.default is MISSING else each.default
        yield _parameter(each.name, hints[each.name], default)


def without_names(parameter: inspect.Parameter, taken: Collection[str]) -> inspect.Parameter:
    """Return a parameter without those of its names that something else is called by."""
    left = tuple(name for name in names_of(parameter) if name not in taken)
    kind, info = get_args(parameter.annotation)
    renamed = copy.copy(info)
    renamed.default, renamed.param_decls = left[0], left[1:]
    return parameter.replace(annotation=Annotated[kind, renamed])


def names_of(parameter: inspect.Parameter) -> tuple[str, ...]:
    """Return what an option is called on the command line, where it says so."""
    for each in get_args(parameter.annotation):
        if isinstance(each, OptionInfo):
            # Within `Annotated`, the first name stands where a default would.
            return tuple(map(str, (each.default, *(each.param_decls or ()))))
    return ()


def take_group(group: type[Group], given: dict[str, Any]) -> Group:
    """Build a dataclass from its fields among what was given, and remove them there."""
    names = list(get_type_hints(group))
    return group(**{name: given.pop(name) for name in names})


def _parameter(name: str, hint: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint)
