"""The port `ProcessorStrategies` on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping

from ranvier.events.limits import refuse_text
from ranvier.messages.event_processor import ProcessorId
from ranvier.storage.postgres.tools import DatabaseTools
from ranvier.storage.statements import load_statements

_SQL = load_statements(__package__ or "", "processor_strategies")


class PostgresProcessorStrategies:
    """The chosen strategies of event processors, one row each."""

    def __init__(self, tools: DatabaseTools) -> None:
        self._tools = tools

    async def all(self) -> Mapping[ProcessorId, str]:
        """Return every choice, of all contexts."""
        rows = await self._tools.readers.ask(_SQL["all"])
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
        context_id = await self._tools.known.listed_id_of(processor.context)
        key = (context_id, processor.name, processor.token_store)
        if strategy is None:
            await self._tools.write(_SQL["forget"], *key)
        else:
            await self._tools.write(_SQL["keep"], *key, strategy)
