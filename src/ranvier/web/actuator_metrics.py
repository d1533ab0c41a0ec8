"""`/actuator/metrics`: the figures of a node one by one, in the shape of Spring Boot's actuator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
from fastapi import FastAPI, Path, Query, Response

from ranvier.observability.measurements import Measurement, Series
from ranvier.web.errors import InvalidParameter, UnknownFigure

NAMES_SCHEMA: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/json": {"example": {"names": ["axon.event.lastToken"]}}}}
}
METRIC_SCHEMA: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            "application/json": {
                "example": {
                    "name": "axon.event.lastToken",
                    "description": "Token of the last event",
                    "baseUnit": None,
                    "measurements": [{"statistic": "VALUE", "value": 41.0}],
                    "availableTags": [{"tag": "context", "values": ["default"]}],
                }
            }
        }
    }
}


class ActuatorMetricsResource:
    """Lists the figures, and shows one, of all tags together or of those asked for."""

    def __init__(self, measured: Callable[[], Sequence[Measurement]]) -> None:
        self._measured = measured

    def add_to(self, app: FastAPI) -> None:
        """Offer the paths of this resource."""
        app.get(
            "/actuator/metrics",
            tags=["monitoring"],
            summary="Names of all figures",
            response_class=Response,
            responses=NAMES_SCHEMA,
        )(self.names)
        app.get(
            "/actuator/metrics/{name}",
            tags=["monitoring"],
            summary="One figure",
            response_class=Response,
            responses=METRIC_SCHEMA,
        )(self.metric)

    async def names(self) -> Response:
        """Return the names of all figures, in their order."""
        return json_response({"names": sorted({each.name for each in self._measured()})})

    async def metric(
        self,
        name: Annotated[str, Path(description="A name of the list.")],
        tag: Annotated[
            list[str] | None,
            Query(
                description="Only what has this tag, such as `context:default`; may be repeated."
            ),
        ] = None,
    ) -> Response:
        """Return the values of one figure, summed up over the tags that are left open."""
        wanted = dict(map(split_tag, tag or ()))
        for each in self._measured():
            series = [one for one in each.series if wanted.items() <= one.tags.items()]
            if each.name == name and (series or not wanted):
                return json_response(shown(each, series, wanted))
        raise UnknownFigure(name)


def split_tag(text: str) -> tuple[str, str]:
    """Return name and value of `name:value`."""
    name, colon, value = text.partition(":")
    if not colon:
        raise InvalidParameter("tag", "must be written as NAME:VALUE")
    return name, value


def shown(
    measurement: Measurement, series: Sequence[Series], wanted: Mapping[str, str]
) -> dict[str, object]:
    """Return a figure in Spring's shape; tags that were asked for are not offered again."""
    return {
        "name": measurement.name,
        "description": measurement.description,
        "baseUnit": measurement.base_unit,
        "measurements": [
            {"statistic": statistic, "value": value} for statistic, value in sums(series).items()
        ],
        "availableTags": [
            {"tag": name, "values": values}
            for name, values in tag_values(series).items()
            if name not in wanted
        ],
    }


def sums(series: Iterable[Series]) -> dict[str, float]:
    """Return the sum of each statistic."""
    found: dict[str, float] = {}
    for each in series:
        for statistic, value in each.values.items():
            found[statistic] = found.get(statistic, 0.0) + value
    return found


def tag_values(series: Iterable[Series]) -> dict[str, list[str]]:
    """Return the values of each tag, in their order."""
    found: dict[str, set[str]] = {}
    for each in series:
        for name, value in each.tags.items():
            found.setdefault(name, set()).add(value)
    return {name: sorted(values) for name, values in sorted(found.items())}


def json_response(content: object) -> Response:
    """Return JSON; numbers that are none become null."""
    return Response(msgspec.json.encode(content), media_type="application/json")
