from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest
import structlog

from ranvier.observability.logs import configure_logs
from ranvier.security.secret import Secret


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    # Handlers of the test runner would be closed when they are replaced.
    root.handlers = []
    yield
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    root.handlers = handlers
    root.setLevel(level)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def configured(log_format: str, level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    configure_logs(log_format, level, node="m1", stream=stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_lines_of_the_standard_library_are_json_with_node_and_action() -> None:
    stream = configured("json")
    logging.getLogger("ranvier.x").info(
        "Listening on %s.", "8124", extra={"action": "port.opened", "port": 8124}
    )
    [line] = lines(stream)
    assert line.pop("time")
    assert line == {
        "level": "info",
        "node": "m1",
        "logger": "ranvier.x",
        "action": "port.opened",
        "message": "Listening on 8124.",
        "port": 8124,
    }


def test_lines_of_structlog_look_the_same() -> None:
    stream = configured("json")
    structlog.get_logger("ranvier.x").info("Listening.", action="port.opened", port=8124)
    logging.getLogger("ranvier.x").info("Listening.", extra={"action": "port.opened", "port": 8124})
    one, other = lines(stream)
    assert one | {"time": ""} == other | {"time": ""}
    assert list(one) == list(other)


def test_times_are_utc_and_order_of_fields_is_fixed() -> None:
    stream = configured("json")
    logging.getLogger("q").info("x", extra={"aaa": 1, "action": "a"})
    [line] = lines(stream)
    assert list(line) == ["time", "level", "node", "logger", "action", "message", "aaa"]
    assert str(line["time"]).endswith("Z")


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_secrets_are_masked_wherever_they_stand(log_format: str) -> None:
    stream = configured(log_format)
    secret = Secret("sesame")
    logging.getLogger("q").info("a %s", secret, extra={"token": secret, "deep": {"t": [secret]}})
    structlog.get_logger("q").info("b", token=secret, deep={"t": (secret,)})
    assert "sesame" not in stream.getvalue()
    assert stream.getvalue().count("********") == 5


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_tracebacks_show_no_values_of_variables(log_format: str) -> None:
    stream = configured(log_format)

    def fail(token: str) -> None:
        raise ZeroDivisionError(len(token))

    try:
        fail("ses" + "ame")
    except ZeroDivisionError:
        logging.getLogger("q").exception("It broke.")
        structlog.get_logger("q").exception("It broke.")
    text = stream.getvalue()
    assert text.count("ZeroDivisionError: 6") == 2
    assert text.count("Traceback") == 2
    assert "sesame" not in text


def test_a_json_line_is_one_line_and_plain_ascii_whatever_it_holds() -> None:
    stream = configured("json")
    hostile = "a\nb\x1b[31m\u2028\ud800\0ä"
    logging.getLogger("q").info(hostile, extra={"field": hostile, "bytes": b"\xff"})
    text = stream.getvalue()
    assert text.isascii()
    assert text.count("\n") == 1
    assert json.loads(text)["message"] == hostile


def test_a_console_line_is_one_line_without_control_characters() -> None:
    stream = configured("console")
    hostile = "a\nb\x1b[31m\x9b31m\rc"
    logging.getLogger("q").info(hostile, extra={"field": hostile})
    text = stream.getvalue().removesuffix("\n")
    assert text.isprintable()
    assert "\\x1b[31m" in text


def test_a_hostile_error_cannot_forge_console_lines_by_carriage_return() -> None:
    stream = configured("console")
    try:
        raise ValueError("\r\x1b[2Jforged")
    except ValueError:
        logging.getLogger("q").exception("It broke.")
    assert "\r" not in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    ("level", "seen"),
    [("debug", "diwe"), ("info", "iwe"), ("warning", "we"), ("error", "e")],
)
def test_the_level_holds_for_both_kinds_of_loggers(level: str, seen: str) -> None:
    stream = configured("json", level)
    for logger in (logging.getLogger("q"), structlog.get_logger("q")):
        logger.debug("d")
        logger.info("i")
        logger.warning("w")
        logger.error("e")
    assert "".join(str(line["message"]) for line in lines(stream)) == seen * 2


def test_auto_is_for_people_only_at_a_terminal() -> None:
    assert_json = configured("auto")
    logging.getLogger("q").info("x")
    assert lines(assert_json)
    terminal = Terminal()
    configure_logs("auto", "info", node="m1", stream=terminal)
    logging.getLogger("q").info("x")
    assert not terminal.getvalue().startswith("{")


def test_warnings_of_python_become_lines() -> None:
    stream = configured("json")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    [line] = lines(stream)
    assert (line["level"], line["logger"]) == ("warning", "py.warnings")
    assert "DeprecationWarning: old" in str(line["message"])


def test_the_last_configuration_counts() -> None:
    first = configured("json")
    second = configured("json")
    logging.getLogger("q").info("x")
    assert first.getvalue() == ""
    assert len(lines(second)) == 1
