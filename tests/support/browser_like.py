"""Fills in the forms of pages as a browser without JavaScript would."""

from __future__ import annotations

import re

import httpx2

PASSWORD = "a quiet green door"
PEOPLE = {"accept": "text/html,*/*"}


def hidden(page: httpx2.Response) -> dict[str, str]:
    """Return the hidden fields of the last form of a page."""
    form = page.text[page.text.rindex("<form") :]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))


def sign_in(browser: httpx2.Client, name: str, password: str) -> httpx2.Response:
    """Open the sign-in page and send it filled in."""
    page = browser.get("/sign-in")
    assert page.status_code == 200, page.text
    return browser.post("/sign-in", data=hidden(page) | {"name": name, "password": password})


def set_up(browser: httpx2.Client, secret: str, name: str, password: str) -> httpx2.Response:
    """Open the set-up page and send it filled in."""
    page = browser.get("/set-up")
    assert page.status_code == 200, page.text
    new = {"secret": secret, "name": name, "password": password, "repeated": password}
    return browser.post("/set-up", data=hidden(page) | new)


def sign_out(browser: httpx2.Client, *, everywhere: bool = False) -> httpx2.Response:
    """Open the sign-out page and send it."""
    form = hidden(browser.get("/sign-out")) | ({"everywhere": "yes"} if everywhere else {})
    return browser.post("/sign-out", data=form)


def show_only(browser: httpx2.AsyncClient, cookie: str) -> None:
    """Forget all cookies but this one."""
    browser.cookies.clear()
    browser.cookies.set("JSESSIONID", cookie)


async def fill_in_sign_in(
    browser: httpx2.AsyncClient, password: str = PASSWORD, name: str = "anna", to: str = ""
) -> httpx2.Response:
    page = await browser.get("/sign-in", params={"return_to": to} if to else {})
    assert page.status_code == 200
    return await browser.post("/sign-in", data=hidden(page) | {"name": name, "password": password})
