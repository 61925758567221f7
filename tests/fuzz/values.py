"""Strategies for single values: numbers, dates, texts, and JSON as it is sent, well-formed or not."""

import json
from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st

from tests.web.nasty import ADDRESSES, DATES, INSTANTS, NUMBERS, TEXTS

_DIGITS: Final = st.text("0123456789", min_size=1, max_size=40)
_LONG_DIGITS: Final = st.sampled_from([12, 22, 400, 4299, 4300, 4301, 9000]).map(lambda length: "7" * length)
_SIGN: Final = st.sampled_from(["", "", "-", "+"])
_ENCODINGS: Final = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "utf-7")

NUMBERS_AS_TEXT: Final = st.one_of(
    st.sampled_from([str(value) for value in NUMBERS]),
    st.builds(
        lambda sign, whole, fraction, exponent: f"{sign}{whole}{fraction}{exponent}",
        _SIGN,
        st.one_of(_DIGITS, _LONG_DIGITS),
        st.one_of(st.just(""), _DIGITS.map(".{}".format)),
        st.one_of(
            st.just(""),
            st.builds("{}{}{}".format, st.sampled_from(["e", "E"]), _SIGN, st.one_of(_DIGITS, _LONG_DIGITS)),
        ),
    ),
)
"""Numbers of every length and exponent, and what looks like one."""

_YEARS: Final = st.sampled_from([-1, 0, 1, 1969, 1970, 2024, 2025, 2038, 9998, 9999, 10000, 99999])
_TIMES: Final = st.sampled_from(
    ["", "T00:00", "T23:59:59.999999Z", "T24:00:00", "T23:59:60Z", " 12:30", "T00:00:00+14:00", "T23:59:59-23:59"]
)
DATES_AS_TEXT: Final = st.one_of(
    st.sampled_from([str(value) for value in (*DATES, *INSTANTS)]),
    st.builds(
        lambda year, month, day, time: f"{year:04}-{month:02}-{day:02}{time}",
        _YEARS,
        st.integers(0, 13),
        st.sampled_from([0, 1, 28, 29, 30, 31, 32]),
        _TIMES,
    ),
    st.datetimes().map(lambda instant: instant.isoformat()),
)
"""Dates and instants, many of them at the ends of the calendar."""

TEXT: Final = st.one_of(
    st.sampled_from([str(value) for value in (*TEXTS, *ADDRESSES)]),
    st.text(max_size=30),
    st.text(st.characters(categories=["Cs", "Cc", "Cf", "Zs", "Nd"]), max_size=12),
    st.sampled_from([30, 31, 255, 256, 2000, 6000]).map(lambda length: "ä" * length),
)
"""Text of any script, with NUL, halves of surrogate pairs, control characters and blanks of all kinds."""

ANY: Final = st.one_of(NUMBERS_AS_TEXT, DATES_AS_TEXT, TEXT)


def json_documents(names: Sequence[str]) -> st.SearchStrategy[bytes]:
    """Bytes that are JSON, or nearly: of objects with these names, deep or long, in several encodings, cut or mixed."""
    return st.one_of(
        _objects(names).map(_encoded),
        st.builds(_with_encoding, st.one_of(_objects(names), _fragments(names)), st.sampled_from(_ENCODINGS)),
        st.builds(_cut, _objects(names).map(_encoded), st.integers(0, 200), st.binary(max_size=4)),
        st.sampled_from(["[", '{"a":', "[[],", '{"a":{},"b":']).flatmap(
            lambda opening: st.sampled_from([99, 500, 501, 5000, 100_000]).map(lambda depth: (opening * depth).encode())
        ),
        st.sampled_from([499, 500, 501]).map(lambda depth: b"[" * depth + b"]" * depth),
        st.sampled_from([10, 10_000, 200_000]).map(lambda length: b"[" + b"0," * length + b"0]"),
        st.binary(max_size=60),
    )


def _objects(names: Sequence[str]) -> st.SearchStrategy[str]:
    """Objects whose members may be there twice."""
    known = st.sampled_from([*names, "uuid", "constructor"])
    member = st.builds("{}:{}".format, st.one_of(known.map(json.dumps), _STRINGS), _fragments(names))
    return st.lists(member, max_size=6).map(lambda members: f"{{{','.join(members)}}}")


_STRINGS: Final = st.builds(
    lambda text, plain: json.dumps(text, ensure_ascii=plain), ANY, st.booleans()
)  # halves of surrogate pairs are escaped, or sent as they are
_LEAVES: Final = st.one_of(
    _STRINGS,
    NUMBERS_AS_TEXT,
    st.sampled_from(["null", "true", "false", "NaN", "-Infinity", "[]", "{}", '"\\ud800"', '"\\u0000"', '"\\x"', "'"]),
)


def _fragments(names: Sequence[str]) -> st.SearchStrategy[str]:
    known = st.sampled_from([*names, ""]).map(json.dumps)
    return st.recursive(
        _LEAVES,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4).map(lambda values: f"[{','.join(values)}]"),
            st.lists(st.builds("{}:{}".format, known, inner), max_size=4).map(
                lambda members: f"{{{','.join(members)}}}"
            ),
        ),
        max_leaves=8,
    )


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _with_encoding(text: str, encoding: str) -> bytes:
    return text.encode(encoding, "replace")


def _cut(content: bytes, place: int, inserted: bytes) -> bytes:
    return content[:place] + inserted + content[place + 1 :]
