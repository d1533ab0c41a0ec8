"""The work of `ranvier events import`: both sides connected, copied, compared and summed up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Final
from urllib.parse import urlsplit

from ranvier.cli.context_option import sendable_context
from ranvier.cli.errors import ImportRefused, WrongUsage
from ranvier.cli.import_copying import SnapshotCopy, compare_all, copy_events, span_to_copy
from ranvier.cli.import_options import SourceOptions, TargetOptions
from ranvier.cli.import_progress import ImportProgress, shown_progress
from ranvier.cli.import_sides import ClassicSide, DcbSide, Entry, Side, told_of
from ranvier.cli.node_client import NodeClient
from ranvier.cli.printing import json_text, one_line
from ranvier.client import GrpcLimits, Hub, TlsFiles, connect
from ranvier.client.errors import InvalidRequest
from ranvier.config.kinds import SECRET_TOKEN

CONNECT_SECONDS: Final = 3.0
"""In which a server must answer for the first time; it is called again meanwhile."""

MESSAGE_BYTES: Final = 64 * 1024 * 1024
"""Of one event at the source: whether it is too large is for the target to say."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import came to."""

    context: str
    events: int
    """In the context now, all of them equal to the source's."""
    copied: int
    """By this run; the others were there."""
    snapshots: int
    waiting: int
    """Events that the source got meanwhile: run again for them."""
    digest: str
    """SHA-256 over all events of both sides, in order."""


def done(node: NodeClient, source: SourceOptions, target: TargetOptions, context: str) -> str:
    """Import and return what it came to, in the form that the user asked for."""
    is_dcb = kind_of(node, context)
    hubs = (source_hub(source, context), target_hub(node, target, context))
    with shown_progress(prints_json=node.prints_json) as progress:
        result = asyncio.run(
            run_import(hubs, context, progress, is_dcb=is_dcb, may_shift=target.shift_tokens)
        )
    return json_text(asdict(result)) if node.prints_json else sentence(result)


def sentence(result: ImportResult) -> str:
    """Return a result for people."""
    text = (
        f"Context {result.context} holds all {result.events:,} events of the source,"
        f" {result.copied:,} of them copied now, and {result.snapshots:,} snapshots."
        f" SHA-256 {result.digest}"
    )
    if result.waiting:
        text += f"\nThe source has {result.waiting:,} more by now: run the same again."
    return text


@dataclass(frozen=True, slots=True)
class NamedHub:
    """A hub that is not connected yet, and what it is called in a sentence."""

    hub: AbstractAsyncContextManager[Hub]
    name: str


def source_hub(options: SourceOptions, context: str) -> NamedHub:
    """Return the way to the source."""
    token = source_token(options)
    is_secure = options.source_tls or options.source_authority is not None
    hub = connect(
        options.source,
        context=sendable_context(options.source_context or context),
        component_name="ranvier-import",
        access_token=token,
        tls=TlsFiles(authority=options.source_authority) if is_secure else None,
        limits=GrpcLimits(message_bytes_in=MESSAGE_BYTES),
        is_direct=True,
        connect_timeout_seconds=CONNECT_SECONDS,
    )
    return NamedHub(hub, f"The source {one_line(options.source)}")


def source_token(options: SourceOptions) -> str | None:
    """Return the access token of the source; WrongUsage where it cannot stand in a header."""
    if options.source_token is None:
        return None
    try:
        return SECRET_TOKEN.read(options.source_token).reveal()
    except ValueError:
        raise WrongUsage(f"The token of --from-token must be {SECRET_TOKEN.expected}.") from None


def target_hub(node: NodeClient, options: TargetOptions, context: str) -> NamedHub:
    """Return the way to the gRPC port of the node, as the node itself says it."""
    me = node.get_object("/v1/public/me", {})
    host = urlsplit(node.url).hostname or "localhost"
    address = f"[{host}]:{me['grpcPort']}" if ":" in host else f"{host}:{me['grpcPort']}"
    hub = connect(
        address,
        context=context,
        component_name="ranvier-import",
        access_token=node.access_token,
        tls=TlsFiles(authority=options.authority) if me.get("ssl") else None,
        is_direct=True,
        connect_timeout_seconds=CONNECT_SECONDS,
    )
    return NamedHub(hub, f"The target {address}")


def kind_of(node: NodeClient, context: str) -> bool:
    """Return whether a context of the node is for DCB; ImportRefused where there is none."""
    for each in node.get_array("/v1/public/context"):
        if each.get("context") == context:
            return bool(each.get("dcbContext"))
    raise ImportRefused(
        f"The node has no context {context}: create it by `ranvier register-context -c {context}`,"
        " with --dcb for events with tags."
    )


async def run_import(
    hubs: tuple[NamedHub, NamedHub],
    context: str,
    progress: ImportProgress,
    *,
    is_dcb: bool,
    may_shift: bool,
) -> ImportResult:
    """Connect to both sides, copy, compare, and say what it came to."""
    async with AsyncExitStack() as stack:
        source, target = [await connected(each, stack, is_dcb=is_dcb) for each in hubs]
        span = await span_to_copy(source, target, may_shift=may_shift)
        progress.begin("Copying", span.end, span.start)
        await copy_events(source, target, span, progress.advance)
        snapshots = SnapshotCopy(source, target)
        progress.begin("Comparing", span.end, 0)

        async def compared(entries: Sequence[Entry]) -> None:
            await snapshots.show(entries)
            progress.advance(len(entries))

        digest = await compare_all(source, target, span, compared)
        waiting = await source.end() - span.shift - span.end
        copied = span.end - span.start
        return ImportResult(context, span.end, copied, snapshots.count, waiting, digest)


async def connected(named: NamedHub, stack: AsyncExitStack, *, is_dcb: bool) -> Side:
    """Connect to one side for as long as the stack lives."""
    with told_of(named.name), usage_checked():
        hub = await stack.enter_async_context(named.hub)
    return DcbSide(hub, named.name) if is_dcb else ClassicSide(hub, named.name)


@contextmanager
def usage_checked() -> Iterator[None]:
    """Turn an address that is none into wrong usage."""
    try:
        yield
    except InvalidRequest as error:
        raise WrongUsage(f"--from: {error}.") from None
