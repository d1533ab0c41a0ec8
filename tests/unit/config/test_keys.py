from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ranvier.config.keys import AxonName, Key, canonical
from ranvier.config.known_names import find_axon_name, find_key
from ranvier.config.settings import KEYS

# What is promised to users: the keys and their names in Axon's files.
PROMISED = {
    "name": {"axoniq.axonserver.name"},
    "hostname": {"axoniq.axonserver.hostname"},
    "domain": {"axoniq.axonserver.domain"},
    "internal_hostname": {"axoniq.axonserver.internal-hostname"},
    "internal_domain": {"axoniq.axonserver.internal-domain"},
    "http_port": {"server.port"},
    "grpc_port": {"axoniq.axonserver.port"},
    "internal_port": {"axoniq.axonserver.internal-port"},
    "ajp_port": set(),
    "bind": set(),
    "internal_bind": set(),
    "ajp_bind": set(),
    "insecure": set(),
    "access_control": {"axoniq.axonserver.accesscontrol.enabled"},
    "access_token": {"axoniq.axonserver.accesscontrol.token"},
    "cluster_secret": {"axoniq.axonserver.accesscontrol.internal-token"},
    "tls.cert": {"axoniq.axonserver.ssl.cert-chain-file", "server.ssl.certificate"},
    "tls.key": {
        "axoniq.axonserver.ssl.private-key-file",
        "server.ssl.certificate-private-key",
    },
    "internal_tls.cert": {"axoniq.axonserver.ssl.internal-cert-chain-file"},
    "internal_tls.key": {"axoniq.axonserver.ssl.internal-private-key-file"},
    "internal_tls.ca": {"axoniq.axonserver.ssl.internal-trust-manager-file"},
    "local_node_id": set(),
    "route": set(),
    "weight": set(),
    "data": set(),
    "database": set(),
    "search": set(),
    "projects": set(),
    "ajp_secret": set(),
}
CLUSTER_KEYS = {"access_control", "access_token", "cluster_secret", "database", "search"}


def by_name() -> dict[str, Key]:
    return {key.name: key for key in KEYS}


def test_every_promised_key_exists_with_its_axon_properties() -> None:
    for name, properties in PROMISED.items():
        assert {axon.property_name for axon in by_name()[name].axon} == properties


def test_exactly_the_promised_keys_belong_to_the_cluster() -> None:
    assert {key.name for key in KEYS if key.is_cluster_key} == CLUSTER_KEYS


def test_no_two_keys_share_a_name_in_any_spelling() -> None:
    names = [canonical(key.name) for key in KEYS]
    properties = [canonical(axon.property_name) for key in KEYS for axon in key.axon]
    assert len(set(names)) == len(names)
    assert len(set(properties)) == len(properties)
    assert len({key.flag for key in KEYS}) == len({key.environment for key in KEYS}) == len(KEYS)


def test_names_of_flags_and_variables() -> None:
    assert by_name()["tls.cert"].flag == "--tls-cert"
    assert by_name()["tls.cert"].environment == "RANVIER_TLS_CERT"
    assert by_name()["internal_hostname"].flag == "--internal-hostname"
    assert by_name()["internal_hostname"].axon[0].environment == (
        "AXONIQ_AXONSERVER_INTERNAL_HOSTNAME"
    )


def test_every_key_is_explained() -> None:
    assert all(key.help and key.kind.expected for key in KEYS)


@given(st.sampled_from(KEYS), st.data())
def test_words_of_a_name_may_be_joined_in_any_way(key: Key, data: st.DataObject) -> None:
    joins = st.sampled_from(["", "-", "_", "."])
    words = key.name.replace(".", "_").split("_")
    spelled = words[0] + "".join(data.draw(joins) + word for word in words[1:])
    spelled = "".join(data.draw(st.sampled_from([c, c.upper()])) for c in spelled)
    assert find_key(spelled) is key


@given(st.sampled_from([(key, axon) for key in KEYS for axon in key.axon]))
def test_an_axon_property_is_found_as_property_and_as_variable(pair: tuple[Key, AxonName]) -> None:
    key, axon = pair
    assert find_axon_name(axon.property_name) == (key, axon)
    assert find_axon_name(axon.environment) == (key, axon)
