"""Calls to a node over REST, and what becomes of its answers."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from types import TracebackType
from typing import Any, Final, Self

import httpx2
import typer

from ranvier.cli.errors import NodeRefused, NodeSilent, StrangeAnswer
from ranvier.cli.node_options import NodeOptions, Output
from ranvier.cli.server_sent_events import ServerSentEvent, server_sent_events

Json = dict[str, Any]
Parameters = Mapping[str, str | int]

CONNECT_SECONDS: Final = 5.0
SILENCE_SECONDS: Final = 45.0
"""Longest silence within an answer; a node that has nothing to tell says so every 15 seconds."""

ANSWER_SECONDS: Final = 30.0
"""Longest silence before an answer that is no stream."""

NOTE_SECONDS: Final = 3.0
"""After which somebody who waits is told that he does."""

TOKEN_REFUSALS: Final = ("AXONIQ-1000", "AXONIQ-1001")

TOKEN_HEADER: Final = "AxonIQ-Access-Token"  # noqa: S105  # the name, not a token
CONTEXT_HEADER: Final = "AxonIQ-Context"


class NodeClient:
    """One node, asked over one connection; raises `NodeSilent`, `NodeRefused`, `StrangeAnswer`.

    It goes straight to the node: proxies that the environment names are not used.
    """

    def __init__(self, options: NodeOptions) -> None:
        self.url = options.base_url()
        self.prints_json = options.output is Output.JSON
        token = options.secret_token()
        self.access_token = None if token is None else token.reveal()
        self._http = httpx2.Client(
            base_url=self.url,
            headers={} if token is None else {TOKEN_HEADER: token.reveal()},
            verify=_tls(self.url, is_checked=not options.insecure),
            timeout=httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._http.close()

    def get_text(self, path: str) -> str:
        """Get a resource as plain text."""
        response = self._send(self._http.build_request("GET", path))
        self._expect(response, "text/plain")
        return response.text

    def get_list(self, path: str, context: str, parameters: Parameters) -> list[Json]:
        """Get a list of objects of a context."""
        headers = {CONTEXT_HEADER: context}
        return self._array(
            self._http.build_request("GET", path, params=parameters, headers=headers)
        )

    def get_array(self, path: str) -> list[Json]:
        """Get a list of objects of the whole node."""
        return self._array(self._http.build_request("GET", path))

    def command(self, method: str, path: str, body: Json | None = None) -> None:
        """Have the node do something whose answer holds nothing."""
        content = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        self._send(self._http.build_request(method, path, content=content, headers=headers))

    def change(self, method: str, path: str, body: Json) -> Json:
        """Have the node do something, and give back the object that it answers."""
        headers = {"Content-Type": "application/json"}
        content = json.dumps(body).encode()
        request = self._http.build_request(method, path, content=content, headers=headers)
        return self._object(self._send(request).text)

    def _array(self, request: httpx2.Request) -> list[Json]:
        answer = self._json(self._send(request).text)
        if not isinstance(answer, list) or not all(isinstance(each, dict) for each in answer):
            raise self._strange("answers with something else than a list")
        return answer

    def get_object(self, path: str, parameters: Parameters) -> Json:
        """Get one object."""
        request = self._http.build_request("GET", path, params=parameters)
        return self._object(self._send(request).text)

    def post_json(self, path: str, context: str, body: bytes) -> Json:
        """Post JSON to a context and give back the answer."""
        headers = {CONTEXT_HEADER: context, "Content-Type": "application/json"}
        request = self._http.build_request("POST", path, content=body, headers=headers)
        return self._object(self._send(request).text)

    def stream(self, path: str, context: str, parameters: Parameters) -> Generator[Json]:
        """Yield the JSON of each event of a stream until the node says that it is done."""
        with closing(self.named_events(path, context, parameters)) as events:
            for event in events:
                if event.name == "done":
                    return
                yield self._object(event.data)
        raise NodeSilent(f"{self.url} broke off before it had told everything; try again.")

    def named_events(
        self, path: str, context: str, parameters: Parameters
    ) -> Generator[ServerSentEvent]:
        """Yield each event of a stream to its end; one named `error` is raised."""
        headers = {CONTEXT_HEADER: context, "Accept": "text/event-stream"}
        request = self._http.build_request("GET", path, params=parameters, headers=headers)
        try:
            response = self._http.send(request, stream=True)
            try:
                yield from self._events(response)
            finally:
                response.close()
        except httpx2.RequestError as error:
            raise self._silent(error) from error
        except ValueError as error:
            raise self._strange(f"sends {error}") from error

    def _events(self, response: httpx2.Response) -> Iterator[ServerSentEvent]:
        if not response.is_success:
            response.read()
            raise self._refused(response)
        self._expect(response, "text/event-stream")
        for event in server_sent_events(response.iter_bytes()):
            if event.name == "error":
                raise _refusal(self._object(event.data))
            yield event

    def _send(self, request: httpx2.Request) -> httpx2.Response:
        request.extensions["timeout"] |= {"read": ANSWER_SECONDS}
        try:
            with told_of_waiting(self.url):
                response = self._http.send(request)
        except httpx2.RequestError as error:
            raise self._silent(error) from error
        if not response.is_success:
            raise self._refused(response)
        return response

    def _expect(self, response: httpx2.Response, media_type: str) -> None:
        if not response.headers.get("content-type", "").startswith(media_type):
            raise self._strange(f"answers with something else than {media_type}")

    def _object(self, text: str) -> Json:
        answer = self._json(text)
        if not isinstance(answer, dict):
            raise self._strange("answers with something else than an object")
        return answer

    def _json(self, text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            raise self._strange("answers with something else than JSON") from error

    def _refused(self, response: httpx2.Response) -> NodeRefused | StrangeAnswer:
        try:
            problem = json.loads(response.text)
            detail = str(problem["detail"])
            if problem["code"] in TOKEN_REFUSALS:
                detail += " Give the token by -t TOKEN."
            return NodeRefused(detail, problem["code"], problem.get("position"))
        except (ValueError, TypeError, KeyError, AttributeError):
            return self._strange(f"answers {response.status_code} without a reason")

    def _strange(self, what: str) -> StrangeAnswer:
        return StrangeAnswer(f"{self.url} {what}; give the HTTP address of a node by -S.")

    def _silent(self, error: httpx2.RequestError) -> NodeSilent:
        reason = str(error) or type(error).__name__
        return NodeSilent(f"No answer from {self.url} ({reason}); is a node running there?")


@contextmanager
def told_of_waiting(url: str) -> Iterator[None]:
    """Say on standard error, after a few seconds, that there is no answer yet."""
    text = f"No answer from {url} yet; waiting for up to {ANSWER_SECONDS:g} s."
    timer = threading.Timer(NOTE_SECONDS, lambda: typer.echo(text, err=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _refusal(problem: Json) -> NodeRefused:
    return NodeRefused(
        str(problem.get("detail")), str(problem.get("code", "")), problem.get("position")
    )


def _tls(url: str, *, is_checked: bool) -> ssl.SSLContext:
    if not url.startswith("https:"):
        # Nothing is checked against it, and reading all authorities takes a tenth of a second.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.create_default_context()
    if not is_checked:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
