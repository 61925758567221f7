"""Values that are easily judged wrongly, by what they pretend to be."""

from collections.abc import Sequence
from typing import Final

COMMON: Final[Sequence[object]] = [
    None, True, False, 0, -0.0, 1, -1, 1.5, 1e22, 10**40, "", " ", "\t\n", [], {}, [1], {"a": 1}, ["x"], "null",
]  # fmt: skip
TEXTS: Final[Sequence[object]] = [
    *COMMON, "x", " x ", "\u00a0x\u2003", "\u200bx", "ä" * 30, "x" * 31, "x" * 255, "x" * 256, "x" * 300, "x" * 301,
    " " * 400, "x" + " " * 400, "a\x00b", "\x00", "\ud800", "a\udfff\ud800", "\U0001f600" * 30, "\u202e",
    "<b>&amp;", 123456789012345678901234567890,
]  # fmt: skip
ADDRESSES: Final[Sequence[object]] = [
    "http://a.example", "https://a.example/", "HTTP://A.EXAMPLE", "ftp://a.example", "ftps://a.example/x",
    "gopher://a.example", "//a.example", "a.example", "http://", "http://a", "http://localhost",
    "https://localhost:8000/x?y#z", "http://1.2.3.4", "http://1.2.3.256", "http://999.1.1.1", "http://01.2.3.4",
    "http://[::1]", "http://[::1", "http://[::ffff:1.2.3.4]:80/", "http://[1::2::3]", "http://[fe80::1%eth0]",
    "http://a..example", "http://-a.example", "http://a-.example", "http://a.example-", "http://a.example.",
    "http://a.e", "http://a.1", "http://ä.example", "http://xn--4ca.example", "http://a.xn--p1ai", "http://a.ελ",
    "http://user@a.example", "http://user:secret@a.example", "http://u:p@x@a.example", "http://a.example:",
    "http://a.example:0", "http://a.example:65536", "http://a.example:123456", "http://a.example:x",
    "http://a.example/ä", "http://a.example/a b", "http://a.example\n", "http://a.example/\n",
    "http://a.example/\r\nx", "http://a.example?x", "http://a.example#x", "http:/a.example", "http:///a.example",
    "javascript:alert(1)", "http://a_b.example", "http://a.ex_ample", "http://" + "a" * 64 + ".example",
    "http://" + "a" * 63 + ".example", "http://" + "a." * 60 + "example", "http://a.example/" + "x" * 183,
    "http://a.example/" + "x" * 184, "http://a.example/" + "x" * 3000, "http://a.example/\x00",
    "http://a.example/\ud800", " http://a.example ", "http://.a.example", "http://a.example:80:80",
    "http://a.example;x", "http://a,b.example", "http://a.co1", "http://a.1com", "http://a.c-m", "http://0.0.0.0",
    "http://1.2.3",
]  # fmt: skip
NUMBERS: Final[Sequence[object]] = [
    *COMMON, "0", "-0", "1", "+1", " 1 ", "1.0", "1.", ".5", "-.5", ".", "-", "+", "1e3", "1E-10", "1e-11", "1e11",
    "1e12", "1e21", "1e22", "1e400", "-1e-10", "NaN", "sNaN", "Infinity", "-inf", "1_000", "1,5", "0x10", "١٢", "½",
    "1" * 12, "1" * 13, "1" * 22, "1" * 23, "1" * 1000, "1" * 1001, "0." + "1" * 10, "0." + "1" * 11,
    "1." + "0" * 10, "1." + "0" * 11, "123456789012.1234567890", "1234567890123.1", "0" * 30 + "1", "0." + "0" * 21,
    "0." + "0" * 22, "0e50", "0E-30", 0.1, 1.1, 123456.789, 999999999999, 1000000000000, 10**22, "1 2", "1\x00",
    "one",
]  # fmt: skip
INSTANTS: Final[Sequence[object]] = [
    *COMMON, "2025-11-22", "2025-11-22T10:00", "2025-11-22T10:00:00", "2025-11-22 10:00:00", "2025-11-22T10:00:00Z",
    "2025-11-22T10:00:00.1", "2025-11-22T10:00:00.123456", "2025-11-22T10:00:00.1234567", "2025-11-22T10:00:00,5Z",
    "2025-11-22T10:00:00+02:00", "2025-11-22T10:00:00+0200", "2025-11-22T10:00:00+02", "2025-11-22T10:00:00 +02:00",
    "2025-11-22T10:00:00-23:59", "2025-11-22T10:00:00+24:00", "2025-11-22T10:00:00+25:00", "2025-1-2T3:4",
    "2025-1-2T3:4:5Z", "2025-1-2", "2025-02-29", "2024-02-29", "2025-13-01", "2025-11-31T00:00", "2025-11-22T24:00",
    "2025-11-22T24:00:00", "2025-11-22T10:60", "2025-11-22T10:00:60", "0000-01-01", "0001-01-01T00:00:00+01:00",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59.999999Z", "10000-01-01", "20251122",
    "20251122T100000", "2025-W47-6", "2025-W47-6T10:00", "2025-326", "22.11.2025", "11/22/2025", "now", "10:00",
    "2025-11-22T", "T10:00", " 2025-11-22T10:00:00Z ", "2025-11-22T10", "2025-11-22T10Z",
    "2025-11-22T10:00:00+02:00:30", "２０２５-11-22T10:00", "2025-11-22\x0010:00", "2025-11-22T10:00:00\n",
    "1732269600", "-2025-11-22",
]  # fmt: skip
DATES: Final[Sequence[object]] = [
    *COMMON, "2025-11-22", "2025-1-2", "2025-02-29", "2024-02-29", "20251122", "2025-W47-6", "2025-W47", "2025-326",
    "2025-11-22T00:00:00Z", "2025-11-22 ", " 2025-11-22", "22.11.2025", "11/22/2025", "0000-01-01", "0001-01-01",
    "9999-12-31", "10000-01-01", "today", "2025-11", "２０２５-11-22",
]  # fmt: skip
