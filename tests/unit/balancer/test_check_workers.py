from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.balancer.check_workers import FINDINGS_MAX, check_workers
from ranvier.balancer.options import RenderOptions
from ranvier.balancer.render_mod_jk import render_mod_jk
from ranvier.balancer.workers_directives import DIRECTIVES
from ranvier.balancer.workers_text import FILE_BYTES
from tests.support.balanced_nodes import IVY_NODES, listed_node, nodes_of

SOUND = """\
# Two nodes, the first one twice as strong.
worker.list=AxonIvyEngine
worker.one.type=ajp13
worker.one.host=ivynode1
worker.one.port=8009
worker.one.route=ivynode1
worker.one.lbfactor=2
worker.one.secret=$(RANVIER_AJP_SECRET)
worker.two.type=ajp13
worker.two.host=ivynode2
worker.two.port=8010
worker.two.route=ivynode2
worker.two.lbfactor=1
worker.two.secret=$(RANVIER_AJP_SECRET)
worker.AxonIvyEngine.type=lb
worker.AxonIvyEngine.balance_workers=one,two
"""


def found(text: str | bytes) -> list[tuple[int, str]]:
    """Return lines and codes of the findings."""
    data = text.encode() if isinstance(text, str) else text
    return [(each.line, each.code) for each in check_workers(data)]


def test_a_sound_file_has_no_mistake() -> None:
    assert found(SOUND) == []
    assert found(SOUND.replace("\n", "\r\n")) == []


@pytest.mark.parametrize("name", ["ranvier", "AxonIvyEngine"])
def test_what_we_render_has_no_mistake(name: str) -> None:
    nodes = nodes_of(*IVY_NODES, listed_node("c", httpPort=1, ajpPort=1, state="draining"))
    text = render_mod_jk(nodes, RenderOptions(name=name))[0].text.encode()
    assert check_workers(text, nodes) == []


def replaced(old: str, new: str) -> Callable[[], str]:
    """Return the sound file with one thing changed."""
    assert old in SOUND
    return lambda: SOUND.replace(old, new)


@pytest.mark.parametrize(
    ("text", "line", "code", "words"),
    [
        (replaced("list=AxonIvyEngine", "list=XIvy"), 2, "undefined-worker", "'XIvy'"),
        (replaced("list=AxonIvyEngine", "list=AxonIvyEngin"), 2, "undefined-worker",
         "did you mean AxonIvyEngine?"),
        (replaced("worker.list=AxonIvyEngine\n", "\n"), 1, "no-list", "worker.list=NAME"),
        (replaced("list=AxonIvyEngine", "list=AxonIvyEngine,AxonIvyEngine"), 2, "duplicate",
         "twice"),
        (replaced("worker.list", "worker.lst"), 2, "unknown-directive", "mean worker.list?"),
        (replaced("worker.list", "workers.list"), 2, "unknown-directive", "begin with worker."),
        (replaced("=one,two", "=one,tow"), 16, "undefined-worker", "did you mean two?"),
        (replaced("=one,two", "=one,two,one"), 16, "duplicate", "one twice"),
        (replaced("=one,two", "=one,two,AxonIvyEngine"), 16, "circle", "itself"),
        (replaced("balance_workers", "balanced_workers"), 16, "deprecated", "balance_workers"),
        (replaced("balance_workers=one,two", "sticky_session=1"), 15, "no-members", "nobody"),
        (replaced("one.host", "one.hostname"), 4, "unknown-directive", "; write host."),
        (replaced("one.host", "one.hots"), 4, "unknown-directive", "did you mean host?"),
        (replaced("one.host", "one.Host"), 4, "unknown-directive", "'Host'"),
        (replaced("one.lbfactor", "one.weight"), 7, "unknown-directive", "; write lbfactor."),
        (replaced("one.lbfactor", "one.cachesize"), 7, "deprecated", "connection_pool_size"),
        (replaced("one.lbfactor=2", "one.sysprops=a"), 7, "deprecated", "are gone"),
        (replaced("one.lbfactor=2", "one.lbfactor=0"), 7, "value", "a number from 1"),
        (replaced("one.lbfactor=2", "one.lbfactor=two"), 7, "value", "'two'"),
        (replaced("one.lbfactor=2", "one.lbfactor="), 7, "value", "''"),
        (replaced("one.port=8009", "one.port=80090"), 5, "value", "from 1 to 65535"),
        (replaced("one.port=8009", "one.port=80 09"), 5, "value", "port"),
        (replaced("one.host=ivynode1", "one.host=ivy node1"), 4, "value", "host name"),
        (replaced("one.type=ajp13", "one.type=ajp12"), 3, "deprecated", "ajp13"),
        (replaced("one.type=ajp13", "one.type=apj13"), 3, "value", "did you mean ajp13?"),
        (replaced("type=lb", "type=balancer"), 15, "value", "write lb"),
        (replaced("worker.AxonIvyEngine.type=lb\n", "\n"), 16, "no-type", "type=lb"),
        (replaced("one.type=ajp13", "one.type=status"), 16, "wrong-type", "is no node"),
        (replaced("one.lbfactor", "AxonIvyEngine.lbfactor"), 7, "wrong-type", "is a balancer"),
        (replaced("one.lbfactor=2", "one.sticky_session=1"), 7, "wrong-type", "is a node"),
        (replaced("one.route=ivynode1", "one.route=ivynode1.soreco.ch"), 6, "dotted-route",
         "as in 'ivynode1'"),
        (replaced("one.route=ivynode1", "one.route=ivynode2"), 12, "duplicate-route", "of one"),
        (replaced("two.route=ivynode2", "two.route=ivynode1"), 12, "unequal-route", "one's host"),
        (replaced("one.route=ivynode1", "one.route=" + "a" * 33), 6, "value", "1 to 32"),
        (replaced("one.route=ivynode1", "one.route=a~b"), 6, "value", "1 to 32"),
        (replaced("worker.one.route=ivynode1\n", ""), 3, "no-route", "worker.one.route"),
        (replaced("worker.one.secret=$(RANVIER_AJP_SECRET)\n", ""), 3, "no-secret",
         "worker.one.secret"),
        (replaced("one.lbfactor=2", "one.port=8009"), 7, "duplicate", "line 5"),
        (replaced("two.host=ivynode2\nworker.two.port=8010",
                  "two.host=IVYNODE1\nworker.two.port=8009"), 11, "duplicate", "where one is"),
        (replaced("one.lbfactor=2", "one.redirect=ivynode3"), 7, "undefined-route", "ivynode"),
        (replaced("one.lbfactor=2", "one.reference=worker.tmpl"), 7, "undefined-worker", "tmpl"),
        (replaced("one.lbfactor=2", "one.reference=tmpl"), 7, "value", "worker.NAME"),
        (replaced("one.lbfactor=2", "one.reference=worker.one"), 7, "circle", "no end"),
        (replaced("type=lb", "type=lb\nworker.AxonIvyEngine.sticky_session_force=1"), 16, "forced",
         "503"),
        (replaced("one.lbfactor=2", "one.secret$(a)"), 7, "no-setting", "KEY=VALUE"),
        (replaced("one.lbfactor=2", "one.lbfactor=$(later)\nlater=2"), 7, "late-variable",
         "line 8"),
        (replaced("one.lbfactor=2", "one.lbfactor=$(F"), 7, "open-variable", "$(NAME)"),
        (replaced("one.lbfactor=2", "o.ne.lbfactor=2"), 7, "worker-name", "'o.ne'"),
        (replaced("one.lbfactor=2", "six.lbfactor=2"), 7, "unused-worker", "six"),
        (replaced("one.lbfactor=2", "one.lbfactor=2\u00b2"), 7, "encoding", "ASCII"),
        (replaced("one.lbfactor=2", "one.lbfactor=2\x01"), 7, "encoding", "control"),
        (replaced("# Two", "\ufeff# Two"), 1, "encoding", "byte order mark"),
        (replaced("# Two nodes", "workers.java_home=/opt/java#"), 1, "deprecated", "remove"),
        (replaced("one.lbfactor=2", "one.max_packet_size=9000"), 7, "value", "1024"),
        (replaced("one.lbfactor=2", "one.activation=X"), 7, "value", "A, D or S"),
        (replaced("one.lbfactor=2", "one.fail_on_status=50"), 7, "value", "HTTP status"),
        (replaced("one.lbfactor=2", "one.ping_mode=Q"), 7, "value", "C, P, I and A"),
        (replaced("type=lb", "type=lb\nworker.AxonIvyEngine.method=Q"), 16, "value", "R, S, N"),
        (replaced("type=lb", "type=lb\nworker.AxonIvyEngine.sticky_session=maybe"), 16, "value",
         "true or false"),
        (replaced("one.lbfactor=2", "six.type=lb\nworker.six.balance_workers=AxonIvyEngine"), 8,
         "wrong-type", "no node"),
        (replaced("one.lbfactor=2", f"{'x' * 61}.lbfactor=2"), 7, "worker-name", "60 characters"),
        (replaced("# Two", "worker.maintain=often #"), 1, "value", "maintain"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_its_line(
    text: Callable[[], str], line: int, code: str, words: str
) -> None:
    findings = check_workers(text().encode())
    fitting = [each for each in findings if (each.line, each.code) == (line, code)]
    assert fitting, findings
    assert any(words in each.message for each in fitting), fitting


def test_a_mistake_brings_no_others_along() -> None:
    assert found(SOUND.replace("one.lbfactor=2", "one.lbfactor=two")) == [(7, "value")]
    assert found(SOUND.replace("list=AxonIvyEngine", "list=XIvy"))[0] == (2, "undefined-worker")
    assert found(SOUND.replace("one.host", "one.hostname"))[0] == (4, "unknown-directive")


def test_what_a_template_says_counts_for_who_refers_to_it() -> None:
    text = SOUND.replace(
        "worker.one.secret=$(RANVIER_AJP_SECRET)\n",
        "worker.one.reference=worker.all\nworker.all.secret=x\nworker.all.sticky_session=1\n",
    )
    assert found(text) == []


def test_a_secret_of_the_balancer_counts_for_its_members() -> None:
    text = re.sub(r"worker\.(one|two)\.secret=.*\n", "", SOUND)
    assert [code for _, code in found(text)] == ["no-secret", "no-secret"]
    assert found(text + "worker.AxonIvyEngine.secret=x\n") == []


def test_variables_stand_for_what_the_file_says() -> None:
    text = "factor=2\nname=one\n" + SOUND.replace("lbfactor=2", "lbfactor=$(factor)")
    assert found(text.replace("=one,two", "=$(name),two")) == []
    assert found(text.replace("factor=2\n", "factor=none\n"))[0] == (9, "value")
    assert found(SOUND.replace("port=8009", "port=$(OF_THE_ENVIRONMENT)")) == []


def test_lists_may_stand_in_several_lines() -> None:
    text = SOUND.replace("=one,two", "=one\nworker.AxonIvyEngine.balance_workers=two")
    assert found(text + "worker.list=st\nworker.st.type=status\n") == []


def test_long_chains_of_references_end() -> None:
    chain = "".join(f"worker.w{at}.reference=worker.w{at + 1}\n" for at in range(1_500))
    assert "circle" in {code for _, code in found(chain + "worker.list=w0\n")}
    short = "".join(f"worker.w{at}.reference=worker.w{at + 1}\n" for at in range(18))
    assert "circle" not in {code for _, code in found(short + "worker.w18.type=ajp13\n")}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\n\n  ", "empty"),
        (b'<?xml version="1.0"?><Server/>', "XML"),
        (b"\xef\xbb\xbf<html>", "XML"),
        (b"\x7fELF\x02\x01", "binary"),
        (b"PK\x03\x04abc", "binary"),
        (b"worker.list=a\x00b", "binary"),
        ("worker.list=a".encode("utf-16"), "UTF-16"),
        (b"# " + b"a" * FILE_BYTES, "bytes"),
        (b'{"worker": 1}', "No line sets"),
        (b"a: b\nc: d\n", "No line sets"),
        (b"a=b\n", "No line sets"),
    ],
)
def test_a_file_of_another_world_is_one_finding(data: bytes, words: str) -> None:
    (finding,) = check_workers(data)
    assert (finding.line, finding.code) == (1, "no-workers-file")
    assert words in finding.message


def test_of_very_many_mistakes_the_first_are_named() -> None:
    findings = check_workers(SOUND.encode() + b"worker.one.x=1\n" * 10_000)
    assert len(findings) == FINDINGS_MAX + 1
    assert findings[-1].code == "more"
    many = "".join(f"worker.w{at}.hostt=1\n" for at in range(2_001))
    assert "too-many" in {each.code for each in check_workers(many.encode())}


def test_a_line_that_mod_jk_would_break_is_named() -> None:
    text = SOUND.replace("# Two", "# Two" + "o" * 9_000)
    assert found(text) == [(1, "long-line")]


def test_a_file_is_compared_with_the_nodes() -> None:
    nodes = nodes_of(
        listed_node("ivynode1", host="ivynode1", weight=2, ajpPort=8011),
        listed_node("ivynode2", host="ivynode2", weight=2, ajpPort=None),
        listed_node("ivynode3", host="ivynode3"),
    )
    findings = check_workers(SOUND.replace("route=ivynode2", "route=ivy2").encode(), nodes)
    assert [(each.line, each.code) for each in findings] == [
        (5, "unequal-port"),
        (12, "unequal-route"),
        (15, "missing-node"),
        (15, "missing-node"),
    ]
    weights = [each for each in check_workers(SOUND.encode(), nodes) if "weight" in each.code]
    assert [(each.line, each.message) for each in weights] == [
        (13, "two has lbfactor 1 against 2 of one; the nodes' weights are 2 and 2.")
    ]
    assert check_workers(SOUND.encode(), nodes_of(*IVY_NODES)) == []


def test_factors_that_are_no_numbers_are_not_compared_with_weights() -> None:
    text = SOUND.replace("lbfactor=2", "lbfactor=$(STRENGTH)")
    assert check_workers(text.encode(), nodes_of(*IVY_NODES)) == []


def test_routes_of_the_environment_are_believed() -> None:
    assert found(SOUND.replace("route=ivynode1", "route=$(ROUTE)")) == []


def test_every_message_is_one_sentence() -> None:
    strange = "worker.list=\x1b[2J,a.b\nworker.a\u202eb.host=x\nworker..x=1\nworker.=2\nworker=1\n"
    findings = check_workers(strange.encode() + SOUND.encode())
    assert findings
    for each in findings:
        assert each.message.isascii()
        assert each.message.isprintable()
        assert each.message[-1] in ".?"


fragments = st.sampled_from(
    ["worker.", "list", "a", "b", ".", "=", ",", "\n", "#", "$(", ")", "lb", "type", "reference",
     "balance_workers", "route", "worker.a.", "worker.b.", "\\", " ", "1", "secret", "\ufeff", "é"]
)  # fmt: skip


@given(
    st.binary(max_size=300) | st.lists(fragments, max_size=60).map(lambda x: "".join(x).encode())
)
def test_any_file_is_read(data: bytes) -> None:
    for each in check_workers(data):
        assert each.line >= 1
        assert each.message.isascii()


def test_every_directive_has_an_owner_and_values() -> None:
    assert all(each.types and each.values.described for each in DIRECTIVES.values())
