"""Refusals as JSON."""

from __future__ import annotations

import json

from ranvier.events.errors import InvalidEvent, UnknownContext
from ranvier.services.errors import NodeStopping
from ranvier.web.errors import AccessTokenMissing, InvalidParameter
from ranvier.web.problem import problem_response


def test_a_problem_has_code_sentence_and_field() -> None:
    response = problem_response(InvalidParameter("timeout", "must be a number"))
    assert response.media_type == "application/problem+json"
    assert json.loads(bytes(response.body)) == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "code": "RANVIER-INVALID-PARAMETER",
        "detail": "The parameter timeout must be a number.",
        "field": "timeout",
        "retryMayHelp": False,
    }


def test_the_field_of_an_error_from_further_inside_is_told_too() -> None:
    problem = json.loads(bytes(problem_response(InvalidEvent("payload type", "is bad")).body))
    assert problem["field"] == "payload type"


def test_texts_that_are_not_unicode_are_shown_with_escapes() -> None:
    problem = json.loads(bytes(problem_response(UnknownContext("a\ud800")).body))
    assert "a\\ud800" in problem["detail"]


def test_who_is_to_come_again_is_told_when() -> None:
    assert problem_response(NodeStopping()).headers["retry-after"] == "1"


def test_who_must_prove_himself_is_told_how() -> None:
    assert (
        "AxonIQ-Access-Token" in problem_response(AccessTokenMissing()).headers["www-authenticate"]
    )
