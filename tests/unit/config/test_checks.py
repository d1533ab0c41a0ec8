from __future__ import annotations

from pathlib import Path

import pytest

from ranvier.config.errors import (
    ConfigError,
    ContradictorySettings,
    InvalidValue,
    UnsafeBinding,
)
from ranvier.config.load import LoadedSettings, load_settings


def load(directory: Path, flags: dict[str, str]) -> LoadedSettings:
    return load_settings(flags, {}, directory, machine="box.example.org")


@pytest.mark.parametrize("key", ["bind", "internal_bind", "ajp_bind"])
@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5"])
def test_an_open_door_needs_access_control_or_a_loud_word(
    tmp_path: Path, key: str, address: str
) -> None:
    with pytest.raises(UnsafeBinding, match=f"{key} is {address} .flag --") as refusal:
        load(tmp_path, {key: address})
    assert "insecure: true" in str(refusal.value)
    assert getattr(load(tmp_path, {key: address, "insecure": "true"}).settings, key) == address
    for token in ({"access_token": "sesame"}, {}):
        guarded = {key: address, "access_control": "true", **token}
        assert getattr(load(tmp_path, guarded).settings, key) == address


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "localhost", "127.0.0.53"])
def test_loopback_is_open_to_nobody_else(tmp_path: Path, address: str) -> None:
    assert load(tmp_path, {"bind": address}).settings.bind == address


@pytest.mark.parametrize(
    ("flags", "error", "words"),
    [
        ({"http_port": "5", "grpc_port": "5"}, ContradictorySettings, "http_port and grpc_port"),
        ({"ajp_port": "8024", "ajp_secret": "x"}, ContradictorySettings, "http_port and ajp_port"),
        ({"tls.cert": "c"}, ContradictorySettings, "tls.cert and tls.key"),
        ({"internal_tls.key": "c"}, ContradictorySettings, "internal_tls.cert and internal_tls."),
        ({"tls.enabled": "on"}, ContradictorySettings, "there is no certificate"),
        ({"tls.cert": "c", "tls.key": "k"}, InvalidValue, "where no file is"),
        ({"internal_tls.ca": "c"}, InvalidValue, "internal_tls.ca"),
        ({"proxy_protocol": "on"}, ContradictorySettings, "no trusted_balancers"),
        (
            {"heartbeat.timeout_seconds": "1", "heartbeat.interval_seconds": "1"},
            ContradictorySettings,
            "heartbeat.timeout_seconds",
        ),
        ({"sessions.absolute_seconds": "5m"}, ContradictorySettings, "sessions.idle_seconds"),
    ],
)
def test_contradictions(
    tmp_path: Path, flags: dict[str, str], error: type[ConfigError], words: str
) -> None:
    with pytest.raises(error) as refusal:
        load(tmp_path, flags)
    assert words in str(refusal.value)


def test_ports_may_all_be_any_free_one_and_ajp_counts_only_when_it_is_on(tmp_path: Path) -> None:
    assert load(tmp_path, {"http_port": "0", "grpc_port": "0", "internal_port": "0"})
    assert load(tmp_path, {"ajp_port": "8024"})


def test_tls_is_on_where_there_is_a_certificate_unless_it_is_switched_off(tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).touch()
    files = {"tls.cert": "cert.pem", "tls.key": "key.pem"}
    assert load(tmp_path, files).settings.tls.enabled
    assert load(tmp_path, files).settings.tls.cert == tmp_path / "cert.pem"
    assert not load(tmp_path, files | {"tls.enabled": "off"}).settings.tls.enabled


def test_proxy_headers_and_tls_of_the_node_exclude_each_other(tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).touch()
    flags = {"proxy_protocol": "on", "trusted_balancers": "10.0.0.1, fd00::/8"}
    assert len(load(tmp_path, flags).settings.trusted_balancers) == 2
    with pytest.raises(ContradictorySettings, match=r"proxy_protocol and tls\.enabled"):
        load(tmp_path, flags | {"tls.cert": "cert.pem", "tls.key": "key.pem"})


@pytest.mark.parametrize("text", ["balancer.example.org", "10.0.0.1/8", "10.0.0.0/33", "any"])
def test_balancers_are_addresses_and_networks(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidValue, match="trusted_balancers"):
        load(tmp_path, {"trusted_balancers": text})


def test_balancers_may_be_a_list(tmp_path: Path) -> None:
    (tmp_path / "ranvier.yaml").write_text("trusted_balancers:\n  - 10.0.0.0/8\n  - ::1\n")
    found = load(tmp_path, {}).settings.trusted_balancers
    assert list(map(str, found)) == ["10.0.0.0/8", "::1/128"]


def test_to_trust_everyone_is_noticed(tmp_path: Path) -> None:
    notices = load(tmp_path, {"trusted_balancers": "0.0.0.0/0"}).notices
    assert [notice.subject for notice in notices] == ["trusted_balancers"]


def test_what_was_probably_not_meant_is_noticed(tmp_path: Path) -> None:
    notices = load(tmp_path, {"access_token": "x", "insecure": "yes"}).notices
    assert [notice.subject for notice in notices] == ["access_token", "insecure"]
    guarded = {"access_token": "x", "insecure": "yes", "access_control": "on"}
    assert load(tmp_path, guarded).notices == ()
    (for_people,) = load(tmp_path, {"access_control": "on"}).notices
    assert "no application can connect" in for_people.sentence
