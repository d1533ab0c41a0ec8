"""The last part of `make demo`: somebody works at the pages behind a balancer, and loses a node.

Three nodes on one PostgreSQL, HAProxy before them with the file that Ranvier renders. A visitor
signs in and fills in half a form; then the node that serves them gets SIGKILL.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from examples.balancer_process import BalancerProcess
from examples.cluster_processes import ClusterProcesses
from examples.postgres_server import PostgresServer
from examples.visitor import Page, Visitor

NODES = ("north", "east", "west")
USER = "ada"
FORM, DRAFT = "/cockpit/configuration/edit", "/cockpit/configuration/draft"
KEY, HALF_FILLED = "value.query.limit", "123"
PROMISED_SECONDS = 10.0
"""For the pause of a machine that does other work; measured by `python -m bench visitor`."""


@dataclass(frozen=True, slots=True)
class Story:
    """What the visitor has seen before and after the loss of the node."""

    before: str
    """The route of the node that was killed."""
    after: str
    is_same_session: bool
    is_signed_in: bool
    has_draft: bool
    pause_seconds: float

    @property
    def is_good(self) -> bool:
        """Whether every promise was kept."""
        moved = bool(self.after) and self.after != self.before
        kept = self.is_same_session and self.is_signed_in and self.has_draft
        return moved and kept and self.pause_seconds < PROMISED_SECONDS


def show_web(folder: Path, console: Console) -> bool:
    """Tell the story; return whether every promise was kept."""
    console.print("\n[bold]11.[/] Three nodes that ask for a sign-in, and HAProxy before them ...")
    server = PostgresServer()
    token, password = secrets.token_urlsafe(18), secrets.token_urlsafe(12)
    folder.mkdir(parents=True, exist_ok=True)
    nodes = ClusterProcesses(folder, server.address(), token)
    try:
        nodes.start_all(NODES, "--trusted-balancers", "127.0.0.1")
        nodes.until_all_see("running", *NODES)
        nodes.post(NODES[0], "/api/users", {"name": USER, "password": password})
        balancer = BalancerProcess(folder, nodes[NODES[0]], "-t", token)
        try:
            with Visitor(balancer.address) as visitor:
                story = work(nodes, visitor, password, console)
        finally:
            balancer.close()
    finally:
        nodes.close()
        server.close()
    print_story(story, console)
    return story.is_good


def work(nodes: ClusterProcesses, visitor: Visitor, password: str, console: Console) -> Story:
    """Sign in, fill in half a form, lose the node, and go on."""
    visitor.sign_in(USER, password)
    keep_draft(visitor)
    route, session = visitor.route, visitor.session
    routes = {each["jvmRoute"]: str(each["name"]) for each in nodes.members(nodes.running()[0])}
    name = routes[route]
    console.print(f"[bold]12.[/] {USER} has signed in at {name} and filled in half a form there.")
    console.print(f"[bold]13.[/] kill -9 {nodes[name].process_id}, the node {name}")
    nodes[name].kill()
    killed_at = time.monotonic()
    page = visitor.see(FORM)
    pause = time.monotonic() - killed_at
    return Story(
        before=route,
        after=visitor.route,
        is_same_session=visitor.session == session,
        is_signed_in=page.path == FORM and USER in page.text,
        has_draft=drafted(page) == HALF_FILLED,
        pause_seconds=pause,
    )


def keep_draft(visitor: Visitor) -> None:
    """Fill in half of the Cockpit's form for the configuration, and leave it."""
    form = visitor.see(FORM).form(FORM)
    visitor.post(DRAFT, {**form.fields, KEY: HALF_FILLED, "what": "keep"})


def drafted(page: Page) -> str:
    """Return what a page's form holds for the key that was filled in."""
    return next((form.fields[KEY] for form in page.forms if KEY in form.fields), "")


def print_story(story: Story, console: Console) -> None:
    """Show what the loss of a node has cost the visitor."""
    rows = [
        ("served first by the node with the route", story.before, True),
        ("... and after its loss by", story.after, story.after not in {"", story.before}),
        ("[bold]still signed in[/]", answer(story.is_signed_in), story.is_signed_in),
        ("[bold]the same session[/]", answer(story.is_same_session), story.is_same_session),
        ("[bold]the half-filled form is there[/]", answer(story.has_draft), story.has_draft),
        (
            "the visitor waited, in seconds",
            f"{story.pause_seconds:.2f}",
            story.pause_seconds < PROMISED_SECONDS,
        ),
    ]
    table = Table(title="What the loss of their node has cost a visitor")
    table.add_column("question")
    table.add_column("answer", justify="right")
    for question, text, is_good in rows:
        table.add_row(question, f"[{'green' if is_good else 'red bold'}]{text}[/]")
    console.print(table)


def answer(fact: object) -> str:
    """Say a fact in a word."""
    return "yes" if fact else "NO"
