from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from ranvier.cli.option_groups import groups_of, take_group, typer_parameters


@dataclass(frozen=True, slots=True)
class Colours:
    front: Annotated[str, typer.Option("-f", "--front")] = "black"
    back: Annotated[int, typer.Option("-b", "--back")] = 7


def paint(what: Annotated[str, typer.Argument()], colours: Colours, loud: bool = False) -> None:
    raise AssertionError((what, colours, loud))


def test_a_group_becomes_one_parameter_for_each_field() -> None:
    parameters = {each.name: each for each in typer_parameters(paint)}
    assert list(parameters) == ["what", "front", "back", "loud"]
    assert parameters["front"].default == "black"
    assert parameters["what"].default is parameters["what"].empty


def test_groups_are_found_and_taken() -> None:
    assert groups_of(paint) == {"colours": Colours}
    given: dict[str, object] = {"what": "w", "front": "red", "back": 1}
    assert take_group(Colours, given) == Colours("red", 1)
    assert given == {"what": "w"}
