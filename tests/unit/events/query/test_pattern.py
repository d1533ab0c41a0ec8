from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.events.query import QueryError
from ranvier.events.query import pattern as pattern_module
from ranvier.events.query.bounds import (
    MAXIMUM_MATCH_VISITS,
    MAXIMUM_PATTERN_CHARACTERS,
    MAXIMUM_PATTERN_NESTING_LEVELS,
    MAXIMUM_PATTERN_REPETITIONS,
)
from ranvier.events.query.pattern import compile_pattern
from ranvier.events.query.syntax import Text


def fits(pattern: str, subject: str) -> bool:
    return compile_pattern(Text(pattern, 0))(subject)


@pytest.mark.parametrize(
    ("pattern", "fitting", "other"),
    [
        ("", [""], ["a"]),
        ("a", ["a"], ["", "b", "aa"]),
        ("abc", ["abc"], ["ab", "abcd", "xabc"]),
        (".", ["a", "\n", "é", "😀"], ["", "ab"]),
        (".*", ["", "a\nb"], []),
        (".*acme.*", ["acme", "xxacmeyy", "acacme"], ["", "acm e"]),
        (".*a.+", ["ab", "xab", "aa"], ["a", "ba", ""]),
        (r"com\.acme\..*", ["com.acme.", "com.acme.X"], ["comXacme.Y", "com.acme"]),
        ("a|b|", ["a", "b", ""], ["ab", "c"]),
        ("a(b|c)d", ["abd", "acd"], ["ad", "abcd"]),
        ("(?:ab)+", ["ab", "abab"], ["", "aba"]),
        ("a?b*c+", ["c", "abbc", "ccc"], ["ab", "aac"]),
        ("a{3}", ["aaa"], ["aa", "aaaa"]),
        ("a{2,}", ["aa", "aaaa"], ["a"]),
        ("a{1,2}b", ["ab", "aab"], ["b", "aaab"]),
        ("a{0}b", ["b"], ["ab"]),
        ("a*?b+?c??d{1,2}?", ["bd", "aabbcdd"], ["ad"]),
        ("[abc]+", ["cab"], ["", "d"]),
        ("[^abc]", ["d", "\n"], ["a", ""]),
        ("[a-cx]", ["a", "b", "c", "x"], ["d", "-"]),
        ("[a-]", ["a", "-"], ["b"]),
        ("[-a]", ["a", "-"], ["b"]),
        (r"[\]\-\^\[\\]", ["]", "-", "^", "[", "\\"], ["a"]),
        (r"[.*+?(){}|$]", list(".*+?(){}|$"), ["a"]),
        (r"[\d_]+", ["1_2"], ["a"]),
        (r"[\t\n]", ["\t", "\n"], ["t", "n"]),
        (r"\d\D\w\W\s\S", ["1a_ \tx"], ["aa_ \tx", "1a_a\tx", "1a_  "]),
        (r"\w*", ["Az_09"], ["é"]),
        (r"\s", [" ", "\t", "\n", "\r", "\f", "\v"], ["\x1c", "\xa0"]),
        (r"\t\n\r\f", ["\t\n\r\f"], ["tnrf"]),
        (r"\$\^\.\\\/é", ["$^.\\/é"], ["$^.\\/e"]),
        ("^ab$", ["ab"], ["^ab$", "abc"]),
        ("^a|b$", ["a", "b"], ["ab"]),
        ("(a*)*b", ["b", "aaab"], ["a" * 50]),
        ("()*", [""], ["a"]),
        ("(a|a)*", ["", "aaa"], ["ab"]),
        ("a,b-c=\"'&", ["a,b-c=\"'&"], ["a"]),
    ],
)
def test_a_pattern_fits_whole_texts(pattern: str, fitting: list[str], other: list[str]) -> None:
    matches = compile_pattern(Text(pattern, 0))
    for subject in fitting + fitting:
        assert matches(subject), subject
    for subject in other + other:
        assert not matches(subject), subject


@pytest.mark.parametrize(
    ("pattern", "fault", "place"),
    [
        ("(a", "not closed", 3),
        ("a)", "does not fit there", 2),
        ("*a", "'*' that does not fit there", 1),
        ("a|+", "'+' that does not fit there", 3),
        ("a**", "repeats what is repeated", 3),
        ("a*+", "repeats what is repeated", 3),
        ("a{2}{3}", "repeats what is repeated", 5),
        ("a]", "']' that does not fit there", 2),
        ("a}", "'}' that does not fit there", 2),
        ("a^b", "'^' that does not fit there", 2),
        ("a$b", "'$' that does not fit there", 2),
        ("(a$)", "'$' that does not fit there", 3),
        ("a{", "needs a number", 3),
        ("a{x}", "needs a number", 3),
        ("a{2", "braces that are not of the form", 4),
        ("a{2,1}", "braces that are not of the form", 7),
        ("a{99999}", f"up to {MAXIMUM_PATTERN_REPETITIONS}", 8),
        (f"a{{{MAXIMUM_PATTERN_REPETITIONS + 1}}}", "needs a number", 6),
        ("(?=a)", "group of a kind", 3),
        ("(?i)a", "group of a kind", 3),
        ("(?<n>a)", "group of a kind", 3),
        (r"\1", "'\\1', which is not understood", 2),
        (r"\b", "'\\b', which is not understood", 2),
        ("a\\", "'\\', which is not understood", 3),
        (r"\Qa\E", "'\\Q', which is not understood", 2),
        ("[a", "empty or not closed", 3),
        ("[]", "empty or not closed", 3),
        ("[^]", "empty or not closed", 4),
        ("[b-a]", "end lies before its start", 5),
        (r"[a-\d]", "end lies before its start", 6),
        ("[a-", "within '[ ]'", 4),
        (r"[\D]", "opposite", 4),
        ("[[a]]", "put a backslash before it", 3),
        ("[a&&b]", "put a backslash before it", 4),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(
    pattern: str, fault: str, place: int
) -> None:
    with pytest.raises(QueryError) as refusal:
        compile_pattern(Text(pattern, 18))
    assert fault in str(refusal.value)
    assert f"(its character {place})" in str(refusal.value)
    assert "position 19" in str(refusal.value)
    assert (refusal.value.position, refusal.value.word) == (19, pattern)


class TestBounds:
    """No pattern takes unbounded time or memory, to read or to match."""

    def test_length(self) -> None:
        longest = "a" * MAXIMUM_PATTERN_CHARACTERS
        assert fits(longest, longest)
        with pytest.raises(QueryError, match="characters"):
            fits(longest + "a", "")

    def test_nesting(self) -> None:
        def nested(levels: int) -> str:
            return "(" * levels + "a" + ")" * levels

        assert fits(nested(MAXIMUM_PATTERN_NESTING_LEVELS), "a")
        with pytest.raises(QueryError, match="nests over"):
            fits(nested(MAXIMUM_PATTERN_NESTING_LEVELS + 1), "a")

    @pytest.mark.parametrize("repeated", ["a", "", "a|b", "a?"])
    def test_repetitions_within_repetitions(self, repeated: str) -> None:
        pattern = f"(({repeated}){{200}}){{200}}"
        with pytest.raises(QueryError, match="unrolls into more than"):
            fits(pattern, "a")

    @pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(.*)*b", "(a|aa)+b", "(.*a){12}b"])
    def test_patterns_that_make_backtracking_explode_are_as_fast_as_others(
        self, pattern: str
    ) -> None:
        matches = compile_pattern(Text(pattern.removesuffix("b") + "[bc]", 0))
        assert not matches("a" * 20_000 + "d")

    def test_work_on_one_text(self) -> None:
        # Each character may be the one from which a hundred are counted: states grow with 2^100.
        matches = compile_pattern(Text("[ab]*a[ab]{100}c", 0))
        scrambled = "".join("ab"[bit] for bit in _scrambled_bits(MAXIMUM_MATCH_VISITS // 50))
        with pytest.raises(QueryError, match="takes too long") as refusal:
            matches(scrambled + "c")
        assert refusal.value.position == 1

    def test_what_is_remembered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pattern_module, "MAXIMUM_REMEMBERED_STATES", 50)
        matches = compile_pattern(Text("[ab]*a[ab]{10}c?", 0))
        for length in range(8, 200):
            subject = "".join("ab"[bit] for bit in _scrambled_bits(length))
            expected = re.fullmatch("[ab]*a[ab]{10}", subject) is not None
            assert matches(subject) is expected


def _scrambled_bits(count: int) -> list[int]:
    state, bits = 1, []
    for _ in range(count):
        state = (state * 1_103_515_245 + 12_345) % 2**31
        bits.append(state >> 30)
    return bits


letters = st.sampled_from([*"abc", ".", "[ab]", "[^a]", "[a-c]", r"\w", r"\W", r"\.", r"[\d.]"])
patterns = st.recursive(
    letters,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.builds("({}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,}"])),
    ),
    max_leaves=8,
)


@given(patterns, st.text("abc.d\n1", max_size=10))
def test_agrees_with_backtracking_where_that_is_safe(pattern: str, subject: str) -> None:
    expected = re.fullmatch(pattern, subject, re.DOTALL | re.ASCII) is not None
    with suppress(QueryError):  # repeated too often within each other
        assert fits(pattern, subject) is expected


@given(st.text("ab.*+?(){}[]|^$\\-,:=&dwDWsSt019 ", max_size=20), st.text("ab1", max_size=8))
def test_whatever_stands_in_a_pattern_is_understood_or_refused(pattern: str, subject: str) -> None:
    try:
        understood = fits(pattern, subject)
    except QueryError:
        return
    assert understood is (re.fullmatch(pattern, subject, re.DOTALL | re.ASCII) is not None)
