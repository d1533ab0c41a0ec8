from __future__ import annotations

import importlib
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from google.protobuf import descriptor_pool
from packaging.requirements import Requirement
from packaging.version import Version

import ranvier.proto
from ranvier.proto import _private_pool, event_pb2

ROOT = Path(__file__).resolve().parents[3]


def generated_modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(ranvier.proto.__path__, "ranvier.proto."):
        if found.name.endswith("_pb2"):
            yield importlib.import_module(found.name)


def test_every_generated_module_lives_in_the_private_pool() -> None:
    modules = list(generated_modules())
    assert len(modules) >= 13
    for module in modules:
        assert module.DESCRIPTOR.pool is _private_pool.POOL, module.__name__


def test_the_private_pool_is_not_that_of_the_process() -> None:
    shared = descriptor_pool.Default()
    assert _private_pool.POOL is not shared
    ours = _private_pool.POOL.FindMessageTypeByName("io.axoniq.axonserver.grpc.event.Event")
    assert ours is event_pb2.Event.DESCRIPTOR


def bound() -> Requirement:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (found,) = (
        requirement
        for requirement in map(Requirement, project["dependencies"])
        if requirement.name == "protobuf"
    )
    return found


def compiler_versions() -> set[str]:
    made = re.compile(r"^# Protobuf Python Version: (\S+)$", re.MULTILINE)
    texts = [Path(str(module.__file__)).read_text("utf-8") for module in generated_modules()]
    return {found.group(1) for text in texts if (found := made.search(text))}


def test_the_runtime_that_is_asked_for_fits_the_generated_code() -> None:
    (made_by,) = map(Version, compiler_versions())
    wanted = bound().specifier
    # Generated code refuses an older runtime, and a newer major one gives no promise.
    assert made_by in wanted
    assert Version(f"{made_by.major}.{made_by.minor - 1}.99") not in wanted
    assert Version(f"{made_by.major + 1}.0.0") not in wanted
    assert Version(version("protobuf")) in wanted
