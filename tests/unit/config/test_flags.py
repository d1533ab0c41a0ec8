from __future__ import annotations

import pytest

from ranvier.config.errors import ConfigError, InvalidValue, UnknownKey
from ranvier.config.flags import flags_help, read_flags
from ranvier.config.settings import KEYS


def test_both_ways_of_giving_a_value_and_bare_switches() -> None:
    arguments = ["--http-port", "1", "--grpc-port=2", "--insecure", "--data", "x", "--tls.cert=c"]
    assert read_flags(arguments).values == {
        "http_port": "1",
        "grpc_port": "2",
        "insecure": "true",
        "data": "x",
        "tls.cert": "c",
    }


def test_a_switch_takes_a_value_too() -> None:
    assert read_flags(["--insecure", "false"]).values == {"insecure": "false"}
    assert read_flags(["--insecure=no"]).values == {"insecure": "no"}


def test_of_a_repeated_flag_the_last_counts() -> None:
    assert read_flags(["--name", "a", "--name", "b"]).values == {"name": "b"}


def test_values_may_hold_equals_signs_and_be_empty() -> None:
    assert read_flags(["--access-token=a=b=", "--domain="]).values == {
        "access_token": "a=b=",
        "domain": "",
    }


def test_the_flags_of_the_command_itself() -> None:
    read = read_flags(["--config", "other.yaml", "--processes=3"])
    assert (read.config_file, read.processes, read.values) == ("other.yaml", 3, {})
    assert read_flags([]).processes == 1
    assert read_flags(["--name", "x", "-h"]).wants_help


def test_every_key_is_a_flag() -> None:
    for key in KEYS:
        assert read_flags([f"{key.flag}=x"]).values == {key.name: "x"}


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (["--htpp-port", "1"], UnknownKey, "did you mean `--http-port`?"),
        (["--zzzzzzzz", "1"], UnknownKey, "`ranvier config explain`"),
        (["start"], UnknownKey, "`start` is not understood"),
        (["-p", "1"], UnknownKey, "`-p` is not understood"),
        (["--name"], InvalidValue, "--name needs a value"),
        (["--name", "--insecure"], InvalidValue, "--name needs a value"),
        (["--config"], InvalidValue, "--config needs a value"),
        (["--processes", "0"], InvalidValue, "from 1 to 256"),
        (["--processes", "x"], InvalidValue, "from 1 to 256"),
    ],
)
def test_wrong_usage_is_named_and_ends_with_2(
    arguments: list[str], error: type[ConfigError], words: str
) -> None:
    with pytest.raises(error) as refusal:
        read_flags(arguments)
    assert words in str(refusal.value)
    assert refusal.value.exit_code == 2


def test_the_help_shows_every_flag_with_its_sentence() -> None:
    text = "\n".join(flags_help())
    assert all(key.flag in text and key.help in text for key in KEYS)
    assert "--config FILE" in text
