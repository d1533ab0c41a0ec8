from __future__ import annotations

import io
import json
from pathlib import Path

from ranvier.config.explain import explain_as_json, explain_as_table
from ranvier.config.load import LoadedSettings, load_settings
from ranvier.config.settings import KEYS

FLAGS = {"access_token": "sesame", "ajp_secret": "sesame", "http_port": "0", "hostname": "m1"}


def loaded(directory: Path) -> LoadedSettings:
    environment = {"AXONIQ_AXONSERVER_EVENT_SEGMENT_SIZE": "1"}
    return load_settings(FLAGS, environment, directory, machine="box.example.org")


def test_json_has_every_key_with_value_and_origin(tmp_path: Path) -> None:
    explained = json.loads(explain_as_json(loaded(tmp_path)))
    rows = {row["key"]: row for row in explained["settings"]}
    assert list(rows) == [key.name for key in KEYS]
    assert rows["http_port"] == {
        "key": "http_port",
        "value": 0,
        "origin": "flag --http-port",
        "cluster": False,
    }
    assert rows["name"]["value"] == "m1"
    assert rows["insecure"]["value"] is False
    assert rows["cluster_secret"]["value"] is None
    assert rows["database"] | {"origin": ""} == {
        "key": "database",
        "value": "sqlite:",
        "origin": "",
        "cluster": True,
    }
    assert [notice["subject"] for notice in explained["notices"]] == [
        "AXONIQ_AXONSERVER_EVENT_SEGMENT_SIZE",
        "access_token",
    ]


def test_the_table_has_a_line_for_every_key_and_every_notice(tmp_path: Path) -> None:
    text = io.StringIO()
    explain_as_table(loaded(tmp_path), text)
    lines = [line.split() for line in text.getvalue().splitlines()]
    assert [line[0] for line in lines[1 : 1 + len(KEYS)]] == [key.name for key in KEYS]
    assert ["http_port", "0", "flag", "--http-port"] in lines
    assert ["insecure", "false", "default"] in lines
    assert ["cluster_secret", "(c)", "-", "default"] in lines
    assert sum(line[0] == "note:" for line in lines) == 2


def test_secrets_are_masked_in_both(tmp_path: Path) -> None:
    text = io.StringIO()
    explain_as_table(loaded(tmp_path), text)
    for shown in (text.getvalue(), explain_as_json(loaded(tmp_path))):
        assert "sesame" not in shown
        assert "********" in shown
