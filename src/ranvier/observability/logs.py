"""Log lines on standard error: JSON for machines, or lines for people.

A line is a sentence (`message`) with fields: `time` (ISO 8601, UTC), `level`, `logger`, `node`, and
whatever was given, among it `action`, a short name to search for. Lines come from the standard
library's loggers and from structlog's alike:

    logging.getLogger("ranvier.node").info("The node is ready.", extra={"action": "node.ready"})
    structlog.get_logger("ranvier.node").info("The node is ready.", action="node.ready")

A `Secret` prints as its mask wherever it stands. Tracebacks go here and nowhere else, without the
values of variables.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Sequence
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_FIRST_FIELDS: Final = ("time", "level", "node", "logger", "action", "message")
_ESCAPED: Final = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
_ESCAPED_IN_LINES: Final = {code: text for code, text in _ESCAPED.items() if code != 0x0A}


def configure_logs(log_format: str, level: str, *, node: str, stream: TextIO | None = None) -> None:
    """Send everything that is logged in this process to one stream; the last call counts.

    `log_format` is `json`, `console`, or `auto`: for people where the stream is a terminal.
    """
    stream = stream or sys.stderr
    is_terminal = stream.isatty()
    for_people = log_format == "console" or (log_format == "auto" and is_terminal)
    fields = _field_processors(node)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=fields,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(for_people=for_people, with_colours=is_terminal),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=LEVELS[level], force=True)
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *fields,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def _field_processors(node: str) -> Sequence[Processor]:
    def add_node(_: WrappedLogger, __: str, fields: EventDict) -> EventDict:
        fields.setdefault("node", node)
        return fields

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        add_node,
    ]


def _renderers(*, for_people: bool, with_colours: bool) -> Sequence[Processor]:
    if for_people:
        return [
            _escape_control_characters,
            structlog.dev.ConsoleRenderer(
                colors=with_colours,
                timestamp_key="time",
                exception_formatter=_write_traceback,
            ),
        ]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("message"),
        _first_fields_first,
        # ASCII: whatever the stream's encoding is, a line of JSON stays one.
        structlog.processors.JSONRenderer(default=str),
    ]


def _first_fields_first(_: WrappedLogger, __: str, fields: EventDict) -> EventDict:
    first = {name: fields[name] for name in _FIRST_FIELDS if name in fields}
    return first | {name: value for name, value in fields.items() if name not in first}


def _escape_control_characters(_: WrappedLogger, __: str, fields: EventDict) -> EventDict:
    """Keep a line one line, whatever a client managed to get into it."""
    return {
        name: value.translate(_ESCAPED) if isinstance(value, str) else value
        for name, value in fields.items()
    }


def _write_traceback(stream: TextIO, error: ExcInfo) -> None:
    """Write a traceback without the values of variables: one of them might be a secret."""
    text = io.StringIO()
    structlog.dev.plain_traceback(text, error)
    stream.write(text.getvalue().translate(_ESCAPED_IN_LINES))
