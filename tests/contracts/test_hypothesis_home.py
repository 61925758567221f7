"""What Hypothesis finds in the folder that it is given while the suite runs."""

from types import SimpleNamespace

import pytest
from hypothesis.internal import charmap

from waldur_billing_mock.contracts.hypothesis_home import temporary_home


def test_hypothesis_looks_up_what_utf_8_can_encode_instead_of_finding_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release of Hypothesis that has its table elsewhere, or in another form, finds out: of so many characters."""
    monkeypatch.setattr(charmap, "sys", SimpleNamespace(maxunicode=0x7F))

    with temporary_home():
        encodable, changed = charmap.intervals_from_codec.__wrapped__("utf-8")

    assert encodable.intervals == ((0, 0xD7FF), (0xE000, 0x10FFFF))
    assert changed.intervals == ()


def test_the_table_is_true() -> None:
    text = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000))))

    assert text.encode().decode() == text
    for surrogate in ("\ud800", "\udfff"):
        with pytest.raises(UnicodeEncodeError):
            surrogate.encode()
