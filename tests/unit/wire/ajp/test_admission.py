"""Who is let in: the secret, and the attributes that no web server has to send."""

from __future__ import annotations

import pytest

from bench.ajp_packets import Forwarded, forward_request
from ranvier.wire.ajp import codes
from ranvier.wire.ajp.admission import admit
from ranvier.wire.ajp.errors import RequestRefused
from ranvier.wire.ajp.limits import AjpLimits
from ranvier.wire.ajp.request_reader import read_request

# What CVE-2020-1938 and its kin tried: to name a file, a filter's target, an error to be shown.
GHOSTCAT = (
    b"javax.servlet.include.request_uri",
    b"javax.servlet.include.path_info",
    b"javax.servlet.include.servlet_path",
    b"javax.servlet.forward.request_uri",
    b"javax.servlet.error.status_code",
    b"jakarta.servlet.include.path_info",
    b"org.apache.catalina.jsp_file",
    b"AJP_SECRET",
    b"ajp_remote_port",
    b"JK_LB_ACTIVATION ",
    b"",
    b"\xff\r\n",
)


def judge(request: Forwarded) -> None:
    admit(read_request(forward_request(request)[4:], AjpLimits()), b"sesame")


def test_the_secret_lets_in() -> None:
    judge(Forwarded(coded={codes.SECRET: b"sesame"}))


@pytest.mark.parametrize("offered", [b"", b"sesam", b"sesamee", b"Sesame", b"\xff", None])
def test_another_secret_or_none_does_not(offered: bytes | None) -> None:
    coded = {} if offered is None else {codes.SECRET: offered}
    with pytest.raises(RequestRefused, match="secret") as refused:
        judge(Forwarded(coded=coded))
    assert refused.value.status == 403
    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize("name", GHOSTCAT)
def test_attributes_that_tell_the_node_what_to_do_are_refused(name: bytes) -> None:
    with pytest.raises(RequestRefused, match="attribute") as refused:
        judge(Forwarded(coded={codes.SECRET: b"sesame"}, named={name: b"/WEB-INF/web.xml"}))
    assert refused.value.status == 403
    assert str(refused.value).isprintable()


def test_those_that_web_servers_send_by_themselves_pass() -> None:
    named = dict.fromkeys(codes.ALLOWED_ATTRIBUTES, b"1")
    judge(Forwarded(coded={codes.SECRET: b"sesame"}, named=named))
