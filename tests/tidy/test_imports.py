from __future__ import annotations

import pytest

from tests.tidy.imports import (
    ALLOWED,
    PURE,
    cycle_findings,
    late_import_findings,
    purity_findings,
    ring_findings,
)
from tests.tidy.repository import File, python_files, report, source_files


def source(module: str, text: str) -> File:
    return File(f"src/ranvier/{module.replace('.', '/')}.py", text)


def test_imports_point_inwards_only() -> None:
    report(ring_findings(source_files()))


def test_the_pure_ring_decides_and_does_nothing_else() -> None:
    report(purity_findings(source_files()))


def test_imports_stand_at_the_top() -> None:
    report(late_import_findings(python_files("src/", "tests/", "bench/", "examples/")))


def test_no_module_needs_itself_to_be_loaded() -> None:
    report(cycle_findings(source_files()))


class TestRings:
    """The contract, on samples."""

    @pytest.mark.parametrize(
        ("module", "text"),
        [
            ("events.fold", "from ranvier.errors import RanvierError"),
            ("events.fold", "from ranvier.events import event\nimport json"),
            ("messages.hash_ring", "from ranvier.events.tag import Tag"),
            ("storage.event_log", "from ranvier.events.append import Append"),
            ("services.append_events", "from ranvier.storage.event_log import EventLog"),
            ("axon.event_store", "from ranvier.services.read_events import ReadEvents"),
            ("axon.event_store", "from ranvier.proto import event_pb2\nimport ranvier.wire.grpc"),
            ("wire.grpc.health", "from ranvier.proto.grpc.health.v1 import health_pb2"),
            ("node.wiring", "from ranvier.storage.sqlite.database import SqliteDatabase"),
            ("storage.sqlite.database", "from ranvier.storage.sqlite.writer import Writer"),
            ("config.settings", "from ranvier.security.secret import Secret"),
            ("__main__", "from ranvier.node.start import start\nfrom ranvier import cli"),
            ("web.pages", "from ranvier import __version__"),
            ("events.fold", "from . import event\nfrom ..errors import RanvierError"),
        ],
    )
    def test_allow(self, module: str, text: str) -> None:
        assert list(ring_findings([source(module, text)])) == []

    @pytest.mark.parametrize(
        ("module", "text", "fault"),
        [
            ("events.fold", "import ranvier.storage", "events may not import storage"),
            ("events.fold", "from ranvier import storage", "events may not import storage"),
            ("events.fold", "from ..storage import errors", "events may not import storage"),
            ("events.fold", "from ranvier.config import load", "events may not import config"),
            ("events.fold", "from ranvier import __version__", "events may not import the root"),
            ("cluster.view", "from ranvier.events.tag import Tag", "cluster may not import events"),
            ("storage.log", "import ranvier.services.append", "storage may not import services"),
            ("services.append", "from ranvier.proto import event_pb2", "may not import proto"),
            ("services.append", "from ranvier.wire import grpc", "services may not import wire"),
            ("wire.grpc", "from ranvier.errors import RanvierError", "wire may not import errors"),
            ("wire.grpc", "import ranvier", "wire may not import the root"),
            ("web.events", "from ranvier.axon import platform", "web may not import axon"),
            ("client.connect", "from ranvier.services import x", "client may not import services"),
            ("cli.events", "from ranvier.node import start", "cli may not import node"),
            ("node.wiring", "from ranvier.cli import main", "node may not import cli"),
            ("axon.errors", "from ranvier.storage.sqlite import x", "only node chooses one"),
            ("errors", "from ranvier.events import errors", "errors may not import events"),
            ("__init__", "from ranvier.events import fold", "ranvier may not import events"),
            ("helpful.things", "from ranvier.events import tag", "has no place in the rings"),
            (
                "events.fold",
                "if TYPE_CHECKING:\n    from ranvier.web import x",
                "events may not import web",
            ),
        ],
    )
    def test_refuse_with_the_line(self, module: str, text: str, fault: str) -> None:
        (finding,) = ring_findings([source(module, f"import json\n{text}")])
        assert fault in finding.fault
        assert finding.line == 1 + len(text.splitlines())

    def test_no_package_is_allowed_to_import_the_composition_root(self) -> None:
        assert not [name for name, others in ALLOWED.items() if "node" in others]

    def test_every_package_that_is_allowed_somewhere_has_rules_of_its_own(self) -> None:
        assert set().union(*ALLOWED.values()) <= ALLOWED.keys()


class TestPurity:
    """What the pure ring does without, on samples."""

    @pytest.mark.parametrize("package", PURE)
    def test_values_and_decisions_pass(self, package: str) -> None:
        text = (
            "from dataclasses import dataclass\nfrom datetime import datetime\nimport hashlib\n"
            "import collections.abc\nfrom ranvier.errors import RanvierError\n"
            "def decide(now_ms: int) -> datetime:\n    return datetime.fromtimestamp(now_ms)\n"
        )
        assert list(purity_findings([source(f"{package}.fold", text)])) == []

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("import asyncio", "may not import asyncio"),
            ("import os.path", "may not import os"),
            ("from time import monotonic", "may not import time"),
            ("from random import random", "may not import random"),
            ("import logging as log", "may not import logging"),
            ("import apsw", "apsw is not of the standard library"),
            ("from google.protobuf import message", "google is not of the standard library"),
            ("async def f() -> None: ...", "does not wait"),
            ("x = open('a')", "may not call open"),
            ("print('a')", "may not call print"),
            ("x = datetime.now(UTC)", "may not read the clock by now()"),
            ("x = date.today()", "may not read the clock by today()"),
        ],
    )
    def test_reaching_outside_is_refused(self, text: str, fault: str) -> None:
        (finding,) = purity_findings([source("events.fold", f"\n{text}")])
        assert fault in finding.fault
        assert finding.line == 2

    def test_other_rings_may(self) -> None:
        assert list(purity_findings([source("services.append", "import asyncio, apsw")])) == []


def test_an_import_inside_a_function_is_found() -> None:
    text = "import json\ndef f():\n    def g():\n        from os import path\n"
    (finding,) = late_import_findings([source("events.fold", text)])
    assert finding.line == 4


class TestCycles:
    """Circles, on samples."""

    def test_modules_in_layers_have_none(self) -> None:
        files = [
            File("src/ranvier/a/__init__.py", "from ranvier.a.x import X"),
            source("a.x", "from ranvier.a.y import Y\nfrom ranvier.a import y"),
            source("a.y", "import json"),
            source("b", "from ranvier.a import X"),
        ]
        assert list(cycle_findings(files)) == []

    def test_two_that_need_each_other_are_named_once(self) -> None:
        files = [source("a", "\nimport ranvier.b"), source("b", "from ranvier.a import f")]
        (finding,) = cycle_findings(files)
        assert str(finding) == (
            "src/ranvier/a.py:2: an import cycle: ranvier.a → ranvier.b → ranvier.a"
        )

    def test_longer_circles_are_found(self) -> None:
        files = [
            source("a", "import ranvier.b"),
            source("b", "from ranvier import c"),
            source("c", "from . import a"),
        ]
        assert len(list(cycle_findings(files))) == 1

    def test_a_module_that_needs_its_package_is_a_circle(self) -> None:
        files = [
            File("src/ranvier/a/__init__.py", "from ranvier.a.x import X"),
            source("a.x", "from ranvier.a import X"),
        ]
        assert len(list(cycle_findings(files))) == 1

    def test_loading_a_module_loads_its_package_too(self) -> None:
        files = [
            File("src/ranvier/a/__init__.py", "from ranvier.b import f"),
            source("a.x", ""),
            source("b", "from ranvier.a.x import X"),
        ]
        assert len(list(cycle_findings(files))) == 1

    def test_imports_for_types_alone_close_no_circle(self) -> None:
        files = [
            source("a", "import ranvier.b"),
            source("b", "if TYPE_CHECKING:\n    import ranvier.a"),
        ]
        assert list(cycle_findings(files)) == []
