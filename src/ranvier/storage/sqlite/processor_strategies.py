"""The chosen strategies of event processors, one row each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ranvier.events.limits import refuse_text
from ranvier.messages.event_processor import ProcessorId
from ranvier.storage.sqlite.contexts import ContextTools
from ranvier.storage.sqlite.statements import fetch_all, load_statements
from ranvier.storage.sqlite.writer import Writer

_SQL = load_statements("processor_strategies")


class SqliteProcessorStrategies:
    """Implements the port `ProcessorStrategies`."""

    def __init__(self, tools: ContextTools) -> None:
        self._tools = tools

    async def all(self) -> Mapping[ProcessorId, str]:
        """Return every choice, of all contexts."""
        rows: list[Any] = await self._tools.readers.run(
            lambda connection: fetch_all(connection, _SQL["all"])
        )
        return {
            ProcessorId(context, name, token_store): strategy
            for context, name, token_store, strategy in rows
        }

    async def choose(self, processor: ProcessorId, strategy: str | None) -> None:
        """Keep a choice in place of the former; None takes it away."""
        refusal = refuse_text("processor name", processor.name) or refuse_text(
            "token store identifier", processor.token_store
        )
        if refusal is not None:
            raise refusal

        def choose(writer: Writer) -> None:
            key = (
                self._tools.known.id_of(processor.context),
                processor.name,
                processor.token_store,
            )
            if strategy is None:
                writer.transact(lambda cursor: cursor.execute(_SQL["forget"], key))
            else:
                writer.transact(lambda cursor: cursor.execute(_SQL["keep"], (*key, strategy)))

        await self._tools.writers.run(choose)
