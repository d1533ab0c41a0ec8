"""What requests say outside of their body, as several resources read it."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Header, Query, Request

from ranvier.web.errors import MediaTypeNotTaken

DEFAULT_CONTEXT: Final = "default"
HIGHEST_NUMBER: Final = 2**63 - 1
"""The largest token or sequence number."""


# Not a plain function, which FastAPI would run in a thread.
async def context_name(
    header: Annotated[
        str | None,
        Header(alias="AxonIQ-Context", description="The context to work in."),
    ] = None,
    query: Annotated[
        str | None,
        Query(alias="context", description="The same as AxonIQ-Context, which counts first."),
    ] = None,
) -> str:
    """Return the context that a request names, `default` where it names none."""
    return header or query or DEFAULT_CONTEXT


ContextName = Annotated[str, Depends(context_name)]


async def json_body(request: Request) -> bytes:
    """Return the body of a request that announces JSON; raise `MediaTypeNotTaken` otherwise."""
    announced = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if announced != "application/json" and not announced.endswith("+json"):
        raise MediaTypeNotTaken
    return await request.body()
