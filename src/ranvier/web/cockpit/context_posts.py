"""What the forms of contexts post: one is created, or deleted for good."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from ranvier.errors import RanvierError
from ranvier.services.administer_contexts import AdministerContexts
from ranvier.web.cockpit.contexts_page import ENTRY, NEW_PATH, ContextsPage, to_list
from ranvier.web.cockpit.texts import _
from ranvier.web.posted_form import answer_once_elsewhere, posted_form


class ContextPosts:
    """Changes contexts by the service of the node; a form that is refused is shown again."""

    def __init__(self, contexts: AdministerContexts, pages: ContextsPage) -> None:
        self._contexts = contexts
        self._pages = pages

    def add_to(self, app: FastAPI) -> None:
        """Offer what the forms post; it is no part of the API."""
        app.post(NEW_PATH, include_in_schema=False)(self.create)
        app.post(f"{ENTRY.path}/{{context}}/delete", include_in_schema=False)(self.delete)

    async def create(self, request: Request) -> Response:
        """Create a context, once for each form that was filled."""
        form = await posted_form(request)
        name = form.first("name").strip()

        async def make() -> Response:
            await self._contexts.create(name, dcb=form.first("kind") == "dcb")
            return to_list(request, done="created", search=name)

        try:
            return await answer_once_elsewhere(request, make)
        except RanvierError as error:
            return self._pages.filled(request, form.values, error)

    async def delete(self, request: Request, context: str) -> Response:
        """Delete a context whose name was typed once more."""
        form = await posted_form(request)
        if form.first("repeat").strip() != context:
            refusal = _("What was typed is not the name of the context; nothing was deleted.")
            return await self._pages.asked_again(request, context, refusal)

        async def make() -> Response:
            await self._contexts.delete(context)
            return to_list(request, done="deleted")

        return await answer_once_elsewhere(request, make)
