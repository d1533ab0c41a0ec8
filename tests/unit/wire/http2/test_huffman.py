"""Huffman-coded strings, against the `hpack` package."""

from __future__ import annotations

import pytest
from hpack.exceptions import HPACKDecodingError
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hpack.huffman_table import decode_huffman as decode_by_hpack
from hypothesis import given
from hypothesis import strategies as st

from ranvier.wire.http2.huffman import ROOT, HuffmanFault, decode_huffman

ENCODER = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)


@given(st.binary(max_size=80))
def test_what_was_encoded_is_decoded(text: bytes) -> None:
    assert decode_huffman(ENCODER.encode(text)) == text


@given(st.binary(max_size=12))
def test_what_hpack_refuses_is_refused(coded: bytes) -> None:
    try:
        expected = decode_by_hpack(coded)
    except HPACKDecodingError:
        with pytest.raises(HuffmanFault):
            decode_huffman(coded)
    else:
        assert decode_huffman(coded) == expected


def test_the_examples_of_the_rfc() -> None:
    assert decode_huffman(bytes.fromhex("f1e3c2e5f23a6ba0ab90f4ff")) == b"www.example.com"
    assert decode_huffman(bytes.fromhex("640eff")) == b"307"
    assert decode_huffman(b"") == b""


@pytest.mark.parametrize(
    "coded",
    [
        "ffffffff",  # the end of the string, coded
        "1fff",  # eight bits of padding
        "18",  # padding of zeros
        "fe",  # an incomplete code that does not look like padding
    ],
)
def test_bad_ends_are_refused(coded: str) -> None:
    with pytest.raises(HuffmanFault):
        decode_huffman(bytes.fromhex(coded))


def test_what_is_learned_is_bounded() -> None:
    seen, rows = set(), [ROOT]
    while rows:
        row = rows.pop()
        if id(row) not in seen and row.symbol is None:
            seen.add(id(row))
            rows += [branch for branch in row.branches if branch is not None]
    assert len(seen) == 256
