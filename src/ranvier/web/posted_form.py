"""Forms that pages post: where they come from, whose they are, and that each is answered once."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from ranvier.access.errors import SessionEnded
from ranvier.access.posted_answer import ANSWER_BYTES, PostedAnswer
from ranvier.access.session_cookie import SessionCookie
from ranvier.services.answer_posts import DecidedPost
from ranvier.services.keep_sessions import HeldSession
from ranvier.web.errors import (
    CrossSitePost,
    FormTokenWrong,
    FormTooLong,
    PostAnswerTooLarge,
    PostKeyMissing,
)
from ranvier.web.page_sessions import PageSession, page_session

FIELDS_MOST: Final = 1000
"""Of one form; the longest page of ours has a tenth of it."""

TOKEN_FIELD: Final = "csrf_token"  # noqa: S105  # a field's name
TOKEN_HEADER: Final = "X-CSRF-Token"  # noqa: S105  # a header's name
KEY_FIELD: Final = "post_key"

_KEY: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
_SAME_SITE: Final = frozenset({"same-origin", "none"})
_KEPT_HEADERS: Final = frozenset({"content-type", "location"})

Effect = Callable[[], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class PostedForm:
    """What a form says; of a field that is there several times `values` has the last."""

    pairs: tuple[tuple[str, str], ...]

    @property
    def values(self) -> Mapping[str, str]:
        """The fields that the user has filled in, by name."""
        hidden = (TOKEN_FIELD, KEY_FIELD)
        return {name: value for name, value in self.pairs if name not in hidden}

    @property
    def post_key(self) -> str:
        """What tells this post from all others; raises `PostKeyMissing`."""
        key = self.first(KEY_FIELD)
        if _KEY.fullmatch(key) is None:
            raise PostKeyMissing
        return key

    def first(self, name: str) -> str:
        """Return the first value of a field; an empty text where it is missing."""
        return next((value for each, value in self.pairs if each == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a field, in their order."""
        return tuple(value for each, value in self.pairs if each == name)


async def posted_form(request: Request) -> PostedForm:
    """Return the form that this request posts, once it is sure that a page of ours has sent it.

    Raises `CrossSitePost`, `FormTokenWrong`, `FormTooLong`; and `SessionEnded` where it was made in
    a session that is over, unless the same post was answered before.
    """
    page = page_session(request)
    refuse_cross_site(request.scope)
    form = read_form(await request.body())
    refuse_foreign_form(page.shown, form.first(TOKEN_FIELD) or request.headers.get(TOKEN_HEADER))
    if not page.is_known and await _earlier(page, form) is None:
        raise SessionEnded
    return form


async def answer_once(request: Request, effect: Effect) -> Response:
    """Answer a post by what `effect` returns, or by what the same post was answered before.

    Whatever `effect` changes in the page's session, and the answer, are one transaction; it must
    change nothing else, and is called again where the session has changed meanwhile. Raises what
    `posted_form` and `effect` raise, and `SessionContended`; nothing is kept then.
    """
    page, form = page_session(request), await posted_form(request)
    if not page.is_known:
        return await _repeated(page, form, await _earlier(page, form))

    async def decide(held: HeldSession) -> DecidedPost:
        page.note_changes_of(held)
        answer = kept_answer(await effect(), sealed_renewal(page, form.post_key))
        return DecidedPost(page.noted, answer)

    before = page.noted
    try:
        answered = await page.posts.with_session(_digest(page, form), before, decide)
    except BaseException:
        page.use(before)
        raise
    page.use(answered.held or before)
    if answered.held is None:
        return await _repeated(page, form, answered.answer)
    return response_of(answered.answer)


async def answer_once_elsewhere(request: Request, effect: Effect) -> Response:
    """Do the same for an effect that lies outside of the session: a drain, a proposal.

    It is made under a claim on the post. Should the node be lost before the answer is kept, the
    next who sends the post makes it once more: it must be one that repeating adds nothing to.
    Raises `PostUnderWay` where the first one takes too long, and what `effect` raises.
    """
    page, form = page_session(request), await posted_form(request)

    async def make() -> PostedAnswer:
        return kept_answer(await effect(), "")

    return response_of(await page.posts.under_claim(_digest(page, form), make))


def read_form(body: bytes) -> PostedForm:
    """Return the fields of a body, `application/x-www-form-urlencoded`; raises `FormTooLong`."""
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FIELDS_MOST
        )
    except ValueError:
        raise FormTooLong(FIELDS_MOST) from None
    return PostedForm(tuple(pairs))


def refuse_cross_site(scope: Scope) -> None:
    """Raise `CrossSitePost` for what the page of another site has sent.

    A browser says so itself (Fetch Metadata), or names the page's origin; whatever says neither is
    no browser of these days, and has the token to show.
    """
    headers = {bytes(name): bytes(value) for name, value in scope["headers"]}
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        if site.decode("latin-1") not in _SAME_SITE:
            raise CrossSitePost
        return
    origin = headers.get(b"origin")
    if origin is not None and not is_of_host(origin, headers.get(b"host", b"")):
        raise CrossSitePost


def is_of_host(origin: bytes, host: bytes) -> bool:
    """Tell whether an origin is the host that was asked; `null` is nobody's."""
    scheme, _, place = origin.decode("latin-1").partition("://")
    return bool(scheme and host) and place.lower() == host.decode("latin-1").lower()


def refuse_foreign_form(cookie: SessionCookie, token: str | None) -> None:
    """Raise `FormTokenWrong` for a form that was not made for the holder of this cookie."""
    if not cookie.is_csrf_token(token or ""):
        raise FormTokenWrong


def kept_answer(response: Response, renewed: str) -> PostedAnswer:
    """Return what is kept of a response; raises `PostAnswerTooLarge`."""
    body = bytes(response.body)
    if len(body) > ANSWER_BYTES:
        raise PostAnswerTooLarge(ANSWER_BYTES)
    return PostedAnswer(response.status_code, kept_headers(response.headers.items()), body, renewed)


def kept_headers(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the headers that an answer is told again with."""
    return tuple(
        (name.lower(), value)
        for name, value in headers
        if name.lower() in _KEPT_HEADERS or name.lower().startswith("hx-")
    )


def response_of(answer: PostedAnswer) -> Response:
    """Return a response with this answer."""
    return Response(answer.body, answer.status, dict(answer.headers))


def sealed_renewal(page: PageSession, post_key: str) -> str:
    """Return the sealed cookie of a session that was renewed; nothing for any other."""
    if page.noted.cookie.key == page.shown.key:
        return ""
    return page.shown.sealed(post_key, page.noted.cookie)


async def _repeated(page: PageSession, form: PostedForm, answer: PostedAnswer | None) -> Response:
    if answer is None:
        raise SessionEnded
    if answer.renewed:
        await page.use_renewed(page.shown.unsealed(form.post_key, answer.renewed))
    return response_of(answer)


async def _earlier(page: PageSession, form: PostedForm) -> PostedAnswer | None:
    return await page.posts.earlier(_digest(page, form))


def _digest(page: PageSession, form: PostedForm) -> str:
    return page.shown.post_digest(form.post_key)
