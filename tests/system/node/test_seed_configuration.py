"""The configuration that Axon users have: the node advertises itself exactly as it says."""

from __future__ import annotations

import json
from pathlib import Path

import grpc
import pytest

from ranvier.proto.control_pb2 import ClientIdentification, PlatformInfo
from tests.support.node_program import ranvier, running_node

GET_PLATFORM_SERVER = "/io.axoniq.axonserver.grpc.control.PlatformService/GetPlatformServer"
SAMPLE = "axoniq.axonserver.hostname=messaging1.axoniq.io\naxoniq.axonserver.name=messaging1\n"


def platform_info(address: str) -> PlatformInfo:
    with grpc.insecure_channel(address) as channel:
        call = channel.unary_unary(
            GET_PLATFORM_SERVER,
            request_serializer=ClientIdentification.SerializeToString,
            response_deserializer=PlatformInfo.FromString,
        )
        answer = call(ClientIdentification(client_id="c1", component_name="app"), timeout=30)
        assert isinstance(answer, PlatformInfo)
        return answer


@pytest.mark.parametrize("folder", [".", "config"])
@pytest.mark.parametrize("domain", ["", "axoniq.axonserver.domain=axoniq.io\n"])
def test_the_sample_of_the_documentation_is_advertised_exactly_so(
    folder: str, domain: str, tmp_path: Path
) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / folder / "axonserver.properties").write_text(SAMPLE + domain)
    with running_node(tmp_path / "data", directory=tmp_path) as node:
        primary = platform_info(node.grpc_address).primary
        assert node.ready["name"] == "messaging1"
        assert primary.node_name == "messaging1"
        assert primary.host_name == "messaging1.axoniq.io"
        assert primary.grpc_port == node.ready["grpc"]
        assert primary.http_port == node.ready["http"]


def test_explain_says_where_each_value_came_from(tmp_path: Path) -> None:
    (tmp_path / "axonserver.properties").write_text(SAMPLE)
    said = ranvier("config", "explain", "-o", "json", "--weight", "4", directory=tmp_path)
    assert said.code == 0, said.err
    rows = {row["key"]: row for row in json.loads(said.out)["settings"]}
    assert rows["hostname"]["value"] == "messaging1.axoniq.io"
    assert "axonserver.properties" in rows["hostname"]["origin"]
    assert rows["weight"] == {
        "key": "weight",
        "value": 4,
        "origin": "flag --weight",
        "cluster": False,
    }
    assert rows["http_port"]["origin"] == "default"


def test_explain_never_shows_a_secret(tmp_path: Path) -> None:
    said = ranvier("config", "explain", "--access-token", "s3cr3t-t0ken", directory=tmp_path)
    assert said.code == 0, said.err
    assert "access_token" in said.out
    assert "s3cr3t-t0ken" not in said.out + said.err
