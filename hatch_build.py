"""Build hook: compiles `proto/` into `ranvier.proto`, for editable and wheel builds alike.

The modules register in a descriptor pool of their own: the default pool of a process may
already hold the same names from another Axon client or from gRPC's own packages.
"""

from __future__ import annotations

import os
import re
import shutil
from importlib.resources import files
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

DEFAULT_POOL = "_descriptor_pool.Default()"
PRIVATE_POOL = "_private_pool.POOL"
POOL_IMPORT = "from google.protobuf import descriptor_pool"
WELL_KNOWN = ("google/protobuf/empty.proto",)

PACKAGE_TEXT = '"""Message classes compiled from `proto/`; generated, do not edit."""\n'
POOL_TEXT = '''"""The descriptor pool of this package's messages alone; generated, do not edit."""

from google.protobuf.descriptor_pool import DescriptorPool

POOL = DescriptorPool()
'''


class ProtoBuildHook(BuildHookInterface):
    """Generates the message modules before the files of a build are collected."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, object]) -> None:
        """Compile every `.proto` file; the output is part of the wheel and of an editable tree."""
        root = Path(self.root)
        compile_protos(root / "proto", root / "src" / "ranvier" / "proto")

    def clean(self, versions: list[str]) -> None:
        """Remove what `initialize` made."""
        shutil.rmtree(Path(self.root) / "src" / "ranvier" / "proto", ignore_errors=True)


def compile_protos(source: Path, target: Path) -> None:
    """Compile all files below `source` into the package at `target`, replacing what was there.

    The package is built beside its place and then moved into it, so that a program that
    imports it meanwhile never sees half of it.
    """
    names = sorted(str(path.relative_to(source)) for path in source.rglob("*.proto"))
    fresh = target.with_name(f".proto-{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    run_protoc(source, fresh, [*names, *WELL_KNOWN])
    for path in [*fresh.rglob("*.py"), *fresh.rglob("*.pyi")]:
        path.write_text(adopted(path.read_text(encoding="utf-8")), encoding="utf-8")
    for folder in [fresh, *(path for path in fresh.rglob("*") if path.is_dir())]:
        (folder / "__init__.py").write_text(PACKAGE_TEXT, encoding="utf-8")
    (fresh / "_private_pool.py").write_text(POOL_TEXT, encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def run_protoc(source: Path, target: Path, names: list[str]) -> None:
    """Run the protocol compiler of the build environment; fail the build with its own words."""
    from grpc_tools import protoc

    well_known = str(files("grpc_tools") / "_proto")
    code = protoc.main(
        [
            "protoc",
            f"-I{source}",
            f"-I{well_known}",
            f"--python_out={target}",
            f"--pyi_out={target}",
            *names,
        ]
    )
    if code != 0:
        raise RuntimeError(f"the protocol compiler refused proto/ (exit {code})")


def adopted(text: str) -> str:
    """Return a generated module's text with our package for its imports and our pool."""
    text = re.sub(
        r"^import (\w+_pb2) as", r"from ranvier.proto import \1 as", text, flags=re.MULTILINE
    )
    text = re.sub(
        r"^from ((?:google\.protobuf|grpc)\S*) import (empty_pb2|\w+_pb2) as",
        r"from ranvier.proto.\1 import \2 as",
        text,
        flags=re.MULTILINE,
    )
    if DEFAULT_POOL not in text:
        return text
    text = text.replace(DEFAULT_POOL, PRIVATE_POOL)
    head, _, rest = text.partition(POOL_IMPORT)
    return f"{head}from ranvier.proto import _private_pool\n{POOL_IMPORT}{rest}"
