"""`/cockpit/configuration/edit`: values for all nodes, changed together against one revision.

What is half filled in is kept in the session, so that it is there again on whichever node the next
page comes from. Secrets are never kept there: they are typed when the form is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from ranvier.cluster.configuration import ConfigurationRevision
from ranvier.config.shared_configuration import canonical_changes
from ranvier.errors import RanvierError
from ranvier.services.errors import ConfigurationMoved
from ranvier.web.cockpit.configuration_page import EDIT_PATH, ENTRY
from ranvier.web.cockpit.configuration_view import ShownSetting, shown_settings
from ranvier.web.cockpit.frame import Frame
from ranvier.web.cockpit.navigation import Crumb
from ranvier.web.cockpit.page_state import page_state
from ranvier.web.cockpit.texts import _
from ranvier.web.dependencies import WebDependencies
from ranvier.web.http_status import status_of
from ranvier.web.page_sessions import page_session
from ranvier.web.posted_form import PostedForm, answer_once_elsewhere, posted_form

DRAFT: Final = "configuration"
DRAFT_PATH: Final = f"{ENTRY.path}/draft"
REPLACES: Final = "replaces"
AUTHOR_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class EditedSetting:
    """A setting in the form: what stands in its field."""

    setting: ShownSetting
    text: str
    """Empty: each node's own settings count; of a secret: it stays as it is."""
    is_dropped: bool = False
    """Of a secret: whether it is to be taken away."""


class ConfigurationForm:
    """Shows the form, keeps what is half filled in, and proposes it as a revision."""

    def __init__(self, dependencies: WebDependencies, frame: Frame) -> None:
        self._of = dependencies
        self._frame = frame

    def add_to(self, app: FastAPI) -> None:
        """Offer the form and where it is posted to; they are no part of the API."""
        app.get(EDIT_PATH, include_in_schema=False)(self.form)
        app.post(EDIT_PATH, include_in_schema=False)(self.change)
        app.post(DRAFT_PATH, include_in_schema=False)(self.keep)

    async def form(self, request: Request) -> HTMLResponse:
        """Return the form as it was left; raises `StorageUnavailable`."""
        draft = await page_session(request).draft(DRAFT)
        return await self._shown(request, draft)

    async def keep(self, request: Request) -> Response:
        """Keep what is filled in, or throw it away; scripts do so while somebody types."""
        form, page = await posted_form(request), page_session(request)
        is_kept = form.first("what") != "drop"
        await page.keep_draft(DRAFT, kept_values(form) if is_kept else {})
        if request.headers.get("x-kept-by") == "script":
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return self._led_back(request, "kept" if is_kept else "dropped")

    async def change(self, request: Request) -> Response:
        """Have the values in force on all nodes, or show the form again with the reason."""
        form, page = await posted_form(request), page_session(request)

        async def effect() -> Response:
            in_force = await self._of.configuration.in_force()
            changes = canonical_changes(changes_in(form, in_force))
            number = replaced(form, in_force.number)
            if changes:
                await self._of.configuration.change(changes, self._author(request), number)
            return self._led_back(request, "set")

        try:
            answer = await answer_once_elsewhere(request, effect)
        except RanvierError as error:
            response = await self._shown(request, kept_values(form), error)
            response.status_code = status_of(error)
            return response
        await page.keep_draft(DRAFT, {})
        return answer

    async def _shown(
        self, request: Request, filled: Mapping[str, str], error: RanvierError | None = None
    ) -> HTMLResponse:
        in_force = await self._of.configuration.in_force()
        seen = filled.get(REPLACES, str(in_force.number))
        settings = shown_settings(self._of.settings(), in_force)
        return self._frame.render(
            request,
            "cockpit/configuration_form.html",
            title=_("Change the configuration"),
            further=(Crumb(_("Change")),),
            fields=[edited(setting, filled) for setting in settings],
            in_force=in_force.number,
            has_moved=seen != str(in_force.number),
            seen=seen,
            is_draft=bool(filled),
            refusal="" if error is None or isinstance(error, ConfigurationMoved) else str(error),
            draft_path=DRAFT_PATH,
            back=ENTRY.path,
        )

    def _author(self, request: Request) -> str:
        user = page_session(request).user or _("somebody")
        address = request.client.host if request.client is not None else "unknown"
        return _("%(user)s at %(address)s, in the Cockpit", user=user, address=address)[
            :AUTHOR_LIMIT
        ]

    def _led_back(self, request: Request, told: str) -> Response:
        path = page_state(request, "").link(ENTRY.path, told=told)
        return RedirectResponse(path, HTTPStatus.SEE_OTHER)


def edited(setting: ShownSetting, filled: Mapping[str, str]) -> EditedSetting:
    """Return a setting with what is filled in for it, else with what is in force."""
    name = setting.key.name
    if setting.is_secret:
        return EditedSetting(setting, "", is_dropped=f"drop.{name}" in filled)
    return EditedSetting(setting, filled.get(f"value.{name}", setting.shared or ""))


def kept_values(form: PostedForm) -> dict[str, str]:
    """Return what of a form may be kept: everything but the secrets."""
    return {
        name: value
        for name, value in form.values.items()
        if name != "what" and not name.startswith("secret.")
    }


def changes_in(form: PostedForm, in_force: ConfigurationRevision) -> dict[str, str | None]:
    """Return what a form changes of what is in force; None takes a value away."""
    found: dict[str, str | None] = {}
    for field, text in form.values.items():
        kind, _dot, name = field.partition(".")
        if kind == "secret" and text:
            found[name] = text
        elif kind == "drop" and name in in_force.values:
            found.setdefault(name, None)
        elif kind == "value" and text.strip() != in_force.values.get(name, ""):
            found[name] = text.strip() or None
    return found


def replaced(form: PostedForm, in_force: int) -> int:
    """Return the revision that the form was filled in against."""
    text = form.first(REPLACES)
    return int(text) if text.isdecimal() and len(text) < 16 else in_force
