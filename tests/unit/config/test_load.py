from __future__ import annotations

from pathlib import Path

import pytest

from ranvier.config.errors import ConfigError, InvalidValue, UnknownKey, UnreadableFile
from ranvier.config.load import LoadedSettings, load_settings
from ranvier.config.origins import Layer
from ranvier.security.secret import Secret


def write(directory: Path, name: str, text: str) -> None:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def load(
    directory: Path,
    flags: dict[str, str] | None = None,
    environment: dict[str, str] | None = None,
    *,
    config_file: str | None = None,
    machine: str = "box.example.org",
) -> LoadedSettings:
    return load_settings(
        flags or {}, environment or {}, directory, config_file=config_file, machine=machine
    )


def refusal(
    directory: Path, flags: dict[str, str] | None = None, environment: dict[str, str] | None = None
) -> ConfigError:
    with pytest.raises(ConfigError) as refused:
        load(directory, flags, environment)
    assert "\n" not in str(refused.value)
    return refused.value


def test_the_defaults_that_are_promised(tmp_path: Path) -> None:
    settings = load(tmp_path).settings
    assert (settings.name, settings.hostname, settings.domain) == ("box", "box", "example.org")
    assert (settings.internal_hostname, settings.internal_domain) == ("box", "example.org")
    assert (settings.http_port, settings.grpc_port) == (8024, 8124)
    assert (settings.internal_port, settings.ajp_port) == (8224, 8009)
    assert {settings.bind, settings.internal_bind, settings.ajp_bind} == {"127.0.0.1"}
    assert not settings.access_control
    assert settings.access_token is settings.cluster_secret is settings.ajp_secret is None
    assert (settings.local_node_id, settings.route, settings.weight) == (0, "box", 1)
    assert (settings.data, settings.projects) == (tmp_path / "data", tmp_path / "projects")
    assert settings.database_directory == tmp_path / "data"
    assert settings.search == "embedded"
    assert not settings.tls.enabled


def test_each_layer_overrides_the_ones_below_it(tmp_path: Path) -> None:
    environment = {"AXONIQ_AXONSERVER_NAME": "axon-variable", "RANVIER_NAME": "own-variable"}
    flags = {"name": "flag"}

    def name_and_layer(*sources: dict[str, str]) -> tuple[str, Layer]:
        loaded = load(tmp_path, *sources)
        return loaded.settings.name, loaded.origins["name"].layer

    assert name_and_layer() == ("box", Layer.DERIVED)
    write(tmp_path, "axonserver.yml", "axoniq:\n  axonserver:\n    name: axon-yml\n")
    assert name_and_layer() == ("axon-yml", Layer.AXON_FILE)
    write(tmp_path, "axonserver.properties", "axoniq.axonserver.name=axon-properties")
    assert name_and_layer() == ("axon-properties", Layer.AXON_FILE)
    write(tmp_path, "config/axonserver.yml", "axoniq.axonserver.name: axon-config-yml")
    assert name_and_layer() == ("axon-config-yml", Layer.AXON_FILE)
    write(tmp_path, "config/axonserver.properties", "axoniq.axonserver.name=axon-config")
    assert name_and_layer() == ("axon-config", Layer.AXON_FILE)
    write(tmp_path, "ranvier.yaml", "name: own-file")
    assert name_and_layer() == ("own-file", Layer.RANVIER_FILE)
    write(tmp_path, "config/ranvier.yaml", "name: own-config-file")
    assert name_and_layer() == ("own-config-file", Layer.RANVIER_FILE)
    assert name_and_layer({}, {"AXONIQ_AXONSERVER_NAME": "axon-variable"}) == (
        "axon-variable",
        Layer.AXON_VARIABLE,
    )
    assert name_and_layer({}, environment) == ("own-variable", Layer.RANVIER_VARIABLE)
    assert name_and_layer(flags, environment) == ("flag", Layer.FLAG)


def test_origins_name_the_exact_place(tmp_path: Path) -> None:
    write(tmp_path, "config/axonserver.properties", "server.port=1")
    write(tmp_path, "ranvier.yaml", "tls:\n  enabled: false\n")
    loaded = load(tmp_path, {"weight": "2"}, {"RANVIER_GRPC_PORT": "3"})
    assert str(loaded.origins["http_port"]) == "server.port in config/axonserver.properties"
    assert str(loaded.origins["tls.enabled"]) == "tls.enabled in ranvier.yaml"
    assert str(loaded.origins["weight"]) == "flag --weight"
    assert str(loaded.origins["grpc_port"]) == "variable RANVIER_GRPC_PORT"
    assert str(loaded.origins["bind"]) == "default"


@pytest.mark.parametrize("machine", ["box.axoniq.io", "box.example.org", "box"])
def test_the_advertised_name_of_the_classic_sample(tmp_path: Path, machine: str) -> None:
    write(
        tmp_path,
        "axonserver.properties",
        "axoniq.axonserver.hostname=messaging1.axoniq.io\naxoniq.axonserver.name=messaging1\n",
    )
    settings = load(tmp_path, machine=machine).settings
    assert settings.advertised_host == "messaging1.axoniq.io"
    assert settings.advertised_internal_host == "messaging1.axoniq.io"
    assert (settings.name, settings.route) == ("messaging1", "messaging1")


def test_a_short_host_name_and_a_domain_are_joined(tmp_path: Path) -> None:
    settings = load(tmp_path, {"hostname": "m1", "domain": "axoniq.io"}).settings
    assert settings.advertised_host == settings.advertised_internal_host == "m1.axoniq.io"
    internal = load(
        tmp_path, {"hostname": "m1", "domain": "axoniq.io", "internal_hostname": "m1.lan"}
    ).settings
    assert internal.advertised_internal_host == "m1.lan"
    assert load(tmp_path, {"hostname": "m1", "domain": ""}).settings.advertised_host == "m1"


def test_axon_variables_with_and_without_the_dash(tmp_path: Path) -> None:
    for variable in ("INTERNAL_HOSTNAME", "INTERNALHOSTNAME"):
        environment = {f"AXONIQ_AXONSERVER_{variable}": "inside"}
        assert load(tmp_path, {}, environment).settings.internal_hostname == "inside"
    assert load(tmp_path, {}, {"SERVER_PORT": "9000"}).settings.http_port == 9000


def test_empty_variables_are_not_set(tmp_path: Path) -> None:
    loaded = load(tmp_path, {}, {"RANVIER_NAME": "", "AXONIQ_AXONSERVER_PORT": ""})
    assert loaded.settings.name == "box"
    assert loaded.settings.grpc_port == 8124


def test_axon_units_are_milliseconds_and_ours_seconds(tmp_path: Path) -> None:
    environment = {"AXONIQ_AXONSERVER_CLIENT_HEARTBEAT_TIMEOUT": "7500"}
    assert load(tmp_path, {}, environment).settings.heartbeat.timeout_seconds == 7.5
    environment = {"RANVIER_HEARTBEAT_TIMEOUT_SECONDS": "7.5"}
    assert load(tmp_path, {}, environment).settings.heartbeat.timeout_seconds == 7.5


def test_yaml_values_are_texts_as_written(tmp_path: Path) -> None:
    write(tmp_path, "ranvier.yaml", "name: no\nroute: 010\ndomain: ''\nhostname: ~\n")
    settings = load(tmp_path).settings
    assert (settings.name, settings.route) == ("no", "010")
    assert (settings.domain, settings.hostname) == ("", "box")


def test_paths_count_from_the_working_directory(tmp_path: Path) -> None:
    settings = load(tmp_path, {"data": "here", "database": "sqlite:there"}).settings
    assert settings.data == tmp_path / "here"
    assert settings.database_directory == tmp_path / "there"
    assert load(tmp_path, {"data": "/abs"}).settings.database_directory == Path("/abs")


def test_a_named_file_replaces_ours_and_not_axons(tmp_path: Path) -> None:
    write(tmp_path, "ranvier.yaml", "name: own\nweight: 7")
    write(tmp_path, "axonserver.properties", "axoniq.axonserver.port=1")
    write(tmp_path, "other.yaml", "name: other")
    named = load(tmp_path, config_file="other.yaml").settings
    assert (named.name, named.weight, named.grpc_port) == ("other", 1, 1)
    by_variable = load(tmp_path, {}, {"RANVIER_CONFIG": "other.yaml"})
    assert by_variable.settings.name == "other"
    assert by_variable.notices == ()


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="does not exist"):
        load(tmp_path, config_file="nowhere.yaml")


def test_properties_are_read_as_java_reads_them(tmp_path: Path) -> None:
    write(
        tmp_path,
        "axonserver.properties",
        "# comment\n! comment\naxoniq.axonserver.name : mess\\\n   aging\\u0031\n"
        "axoniq.axonserver.hostname first\naxoniq.axonserver.hostname=second\n",
    )
    settings = load(tmp_path).settings
    assert (settings.name, settings.hostname) == ("messaging1", "second")


def test_placeholders_in_axon_files(tmp_path: Path) -> None:
    write(
        tmp_path,
        "axonserver.properties",
        "axoniq.axonserver.name=${NODE:fallback}-${suffix}\nsuffix=1\n"
        "axoniq.axonserver.hostname=${axoniq.axonserver.name}\n",
    )
    assert load(tmp_path).settings.hostname == "fallback-1"
    assert load(tmp_path, {}, {"NODE": "m"}).settings.name == "m-1"


def test_placeholders_without_an_answer_are_refused_only_where_they_count(tmp_path: Path) -> None:
    write(tmp_path, "axonserver.properties", "axoniq.axonserver.name=${NODE}")
    assert "${NODE}" in str(refusal(tmp_path))
    assert load(tmp_path, {"name": "given"}).settings.name == "given"
    write(tmp_path, "axonserver.properties", "axoniq.axonserver.name=${axoniq.axonserver.name}")
    assert "refers to itself" in str(refusal(tmp_path))


@pytest.mark.parametrize(
    ("flags", "environment", "file", "words", "exit_code"),
    [
        ({"http_port": "x"}, {}, "", ["http_port", "'x'", "flag --http-port", "65535"], 2),
        ({}, {"RANVIER_HTTP_PORT": "x"}, "", ["http_port", "'x'", "RANVIER_HTTP_PORT"], 1),
        ({}, {"AXONIQ_AXONSERVER_PORT": "x"}, "", ["grpc_port", "AXONIQ_AXONSERVER_PORT"], 1),
        ({}, {}, "http_port: x", ["http_port", "'x'", "http_port in ranvier.yaml"], 1),
        ({}, {}, "database: mysql://db/x", ["database", "postgresql://"], 1),
    ],
)
def test_a_bad_value_names_key_value_place_and_remedy(
    tmp_path: Path,
    flags: dict[str, str],
    environment: dict[str, str],
    file: str,
    words: list[str],
    exit_code: int,
) -> None:
    write(tmp_path, "ranvier.yaml", file)
    error = refusal(tmp_path, flags, environment)
    assert isinstance(error, InvalidValue)
    assert all(word in str(error) for word in words)
    assert error.exit_code == exit_code


def test_a_bad_value_that_is_overridden_does_no_harm(tmp_path: Path) -> None:
    write(tmp_path, "ranvier.yaml", "http_port: x")
    assert load(tmp_path, {"http_port": "1"}).settings.http_port == 1


def test_a_bad_secret_is_not_shown(tmp_path: Path) -> None:
    for flags in (
        {"access_token": "open sesame"},
        {"database": "postgresql://user:open sesame@db/x"},
    ):
        assert "sesame" not in str(refusal(tmp_path, flags))


def test_secrets_are_masked_in_the_settings(tmp_path: Path) -> None:
    loaded = load(tmp_path, {"access_control": "on", "access_token": "sesame"})
    assert loaded.settings.access_token == Secret("sesame")
    assert "sesame" not in repr(loaded)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("htpp_port: 1", "did you mean `http_port`?"),
        ("tls:\n  certificate: x", "`tls.certificate` in ranvier.yaml"),
        ("tls: x", "`tls` in ranvier.yaml is no setting"),
    ],
)
def test_an_unknown_key_in_our_own_file_is_refused(tmp_path: Path, text: str, words: str) -> None:
    write(tmp_path, "ranvier.yaml", text)
    error = refusal(tmp_path)
    assert isinstance(error, UnknownKey)
    assert words in str(error)
    assert error.exit_code == 1


def test_an_unknown_argument_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, {"nmae": "x"})
    assert isinstance(error, UnknownKey)
    assert "`name`" in str(error)
    assert error.exit_code == 2


@pytest.mark.parametrize(
    "text",
    [
        "name: a\nname: b",
        "http_port: 1\nhttp-port: 2",
        "- a list",
        "just text",
        "name: [unclosed",
        "name: a\n---\nname: b",
        "name: !!python/object:os.system x\n\tbroken",
        "a: " * 20,
    ],
)
def test_a_broken_file_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    write(tmp_path, "ranvier.yaml", text)
    assert "ranvier.yaml" in str(refusal(tmp_path))


def test_files_that_are_no_text_or_far_too_long_are_refused(tmp_path: Path) -> None:
    (tmp_path / "ranvier.yaml").write_bytes(b"name: \xff\xfe")
    assert "ranvier.yaml cannot be read" in str(refusal(tmp_path))
    (tmp_path / "ranvier.yaml").write_bytes(b"# " + b"x" * (1 << 20))
    assert "no list of settings" in str(refusal(tmp_path))


def test_a_broken_properties_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "axonserver.properties", "axoniq.axonserver.name=\\u00zz")
    assert "broken escape" in str(refusal(tmp_path))


def test_nesting_has_an_end(tmp_path: Path) -> None:
    write(tmp_path, "ranvier.yaml", "".join(f"{'  ' * n}a:\n" for n in range(12)) + "  " * 12 + "b")
    assert "too deep" in str(refusal(tmp_path))


def test_what_has_no_effect_is_noticed_with_a_reason(tmp_path: Path) -> None:
    write(
        tmp_path,
        "axonserver.properties",
        "axoniq.axonserver.event.segment-size=1\naxoniq.axonserver.nmae=x\n"
        "logging.level.root=DEBUG\nmanagement.endpoint.health.show-details=always\n",
    )
    environment = {
        "AXONIQ_AXONSERVER_REPLICATION_SEGMENT_SIZE": "1",
        "AXONIQ_AXONSERVER_HOSTNAM": "x",
        "RANVIER_HTPP_PORT": "1",
        "HOME": "/root",
    }
    notices = {
        notice.subject: notice.sentence for notice in load(tmp_path, {}, environment).notices
    }
    assert (
        "no files of this kind"
        in notices["axoniq.axonserver.event.segment-size in axonserver.properties"]
    )
    assert "`axoniq.axonserver.name`" in notices["axoniq.axonserver.nmae in axonserver.properties"]
    assert "no replicated log" in notices["AXONIQ_AXONSERVER_REPLICATION_SEGMENT_SIZE"]
    assert "`AXONIQ_AXONSERVER_HOSTNAME`" in notices["AXONIQ_AXONSERVER_HOSTNAM"]
    assert "`RANVIER_HTTP_PORT`" in notices["RANVIER_HTPP_PORT"]
    assert len(notices) == 5


def test_variables_that_kubernetes_makes_for_services_are_passed_over(tmp_path: Path) -> None:
    environment = {
        "RANVIER_SERVICE_HOST": "10.0.0.1",
        "RANVIER_SERVICE_PORT": "8124",
        "RANVIER_SERVICE_PORT_GRPC": "8124",
        "RANVIER_PORT": "tcp://10.0.0.1:8124",
        "RANVIER_PORT_8124_TCP": "tcp://10.0.0.1:8124",
        "RANVIER_PORT_8124_TCP_PROTO": "tcp",
        "RANVIER_PORT_8124_TCP_PORT": "8124",
        "RANVIER_PORT_8124_TCP_ADDR": "10.0.0.1",
        "RANVIER_HTTP_PORT": "tcp://10.0.0.2:80",
        "SERVER_PORT": "tcp://10.0.0.3:80",
    }
    loaded = load(tmp_path, {}, environment)
    assert loaded.notices == ()
    assert loaded.settings.http_port == 8024


def test_what_was_set_is_known_from_what_was_not(tmp_path: Path) -> None:
    write(tmp_path, "ranvier.yaml", "local_node_id: 0\nlog:\n  level: info\n")
    assert load(tmp_path).settings.given == {"local_node_id", "log.level"}
    assert load(tmp_path, {"route": "box"}).settings.given >= {"local_node_id", "route"}
