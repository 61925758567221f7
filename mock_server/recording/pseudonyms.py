"""Pseudonyms that follow from a secret: in the script, the case and the shape of the original, one for each.

Letters become names and words that Faker knows, digits other digits; blanks and punctuation stay. A pseudonym contains
no original. Nobody without the secret can tell which original a pseudonym stands for.
"""

import hmac
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from random import Random
from typing import Final, Literal

from faker import Faker

from waldur_billing_mock.mock_server.recording.originals import Originals
from waldur_billing_mock.mock_server.recording.vocabulary import VOCABULARY

Kind = Literal[
    "organization",
    "person",
    "name",
    "login",
    "text",
    "term",
    "address",
    "email",
    "phone",
    "account",
    "vat",
    "code",
    "url",
    "file",
    "uuid",
    "token",
]
_RUNS: Final = re.compile(r"([^\W\d_]+|\d+)")
_UUID: Final = re.compile(r"\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b")
_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9 ]{8,40}")
_FIGURE: Final = re.compile(r"-?\d+(\.\d+)?|\d{4}-\d\d(-\d\d(T[0-9:.]+(Z|[+-]\d\d:\d\d)?)?)?")
_LOCALES: Final[Mapping[str, str]] = {
    "LATIN": "en_GB",
    "CYRILLIC": "uk_UA",
    "GREEK": "el_GR",
    "CJK": "ja_JP",
    "HIRAGANA": "ja_JP",
    "KATAKANA": "ja_JP",
    "HANGUL": "ko_KR",
    "ARABIC": "ar_AA",
    "HEBREW": "he_IL",
    "THAI": "th_TH",
    "DEVANAGARI": "hi_IN",
    "GEORGIAN": "ka_GE",
    "ARMENIAN": "hy_AM",
}
_SIGN_BY_SIGN: Final = frozenset({"CJK", "HIRAGANA", "KATAKANA", "THAI", "HANGUL"})
"""Scripts that write words without blanks between them, so that a run of letters is no word."""
_POOL: Final = 300
_ATTEMPTS: Final = 40
_PLAIN_ATTEMPTS: Final = 6


class Pseudonyms:
    """Makes pseudonyms for the originals of one file."""

    def __init__(self, secret: bytes, originals: Originals) -> None:
        self._secret: Final = secret
        self._originals: Final = originals
        self._made: Final[dict[tuple[str, str], str]] = {}
        self._taken: Final[set[str]] = set()
        names = {name.casefold() for name in originals.names}
        self._kept_words: Final = frozenset(word for word in VOCABULARY if word not in names)

    def of(self, kind: Kind, original: str, longest: int | None = None) -> str:
        """The pseudonym of a text of a kind, cut to the longest that its field can hold; blank stays blank."""
        if not original.strip():
            return original
        family = "name" if kind in ("organization", "person") else kind
        key = (family, original)
        if key not in self._made:
            self._made[key] = self._make(kind, original)
        return self._made[key][:longest]

    def number(self, what: str, low: int, high: int) -> int:
        """A number that follows from the secret."""
        return self._random(what, "", 0).randint(low, high)

    def _make(self, kind: Kind, original: str) -> str:
        match kind:
            case "uuid":
                return self._uuid(original)
            case "token":
                return self._digest("token", original)[:40]
            case "text":
                return self._text(original)
            case "term":
                return self._runs(original, lambda run: self._word("term", run))
            case "email":
                return self._email(original)
            case "account" if _IBAN.fullmatch(original):
                return self._iban(original)
            case "url":
                return self._url(original)
            case "file":
                stem, dot, suffix = original.rpartition(".")
                return self.of("name", stem) + dot + suffix if stem else self.of("name", original)
        return self._unused(kind, original)

    def _unused(self, kind: Kind, original: str) -> str:
        """A pseudonym that no other original has, and that contains no original."""
        for attempt in range(_ATTEMPTS):
            chance = self._random(kind, original, attempt)
            made = _reshaped(kind, original, chance, plain=attempt < _PLAIN_ATTEMPTS)
            unlike = made != original or not any(
                sign.isalnum() or unicodedata.category(sign) == "So" for sign in original
            )
            if (unlike and made not in self._taken and not self._originals.within(made)) or len(original) < 3:
                break
        else:
            made = f"{made}{self._digest(kind, original)[:8]}"
        self._taken.add(made)
        return made

    def _uuid(self, original: str) -> str:
        digits = self._digest("uuid", original.replace("-", "").lower())
        plain = f"{digits[:12]}4{digits[13:16]}{'89ab'[int(digits[16], 16) % 4]}{digits[17:32]}"
        if "-" not in original:
            return plain
        return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))

    def _text(self, original: str) -> str:
        """Free text: names in it as elsewhere, and all other words but those of billing replaced."""
        if _FIGURE.fullmatch(original):
            return original
        made = []
        for part, name in self._originals.split(original):
            if name:
                made.append(self.of(self._originals.names[part], part))
                continue
            place = 0
            for match in _UUID.finditer(part):
                made.append(self._runs(part[place : match.start()], self._free))
                made.append(self.of("uuid", match[0]))
                place = match.end()
            made.append(self._runs(part[place:], self._free))
        return "".join(made)

    def _free(self, run: str) -> str:
        if run.isdecimal():
            # Years and small numbers tell nothing of anybody.
            return run if len(run) < 3 or re.fullmatch("(19|20)[0-9]{2}", run) else self.of("code", run)
        return self._word("text", run)

    def _word(self, kind: str, run: str) -> str:
        if len(run) < 2 or run.isdecimal() or run.casefold() in self._kept_words:
            return run
        return self.of("name", run)

    def _runs(self, text: str, replace: Callable[[str], str]) -> str:
        return _RUNS.sub(lambda match: replace(match[0]), text)

    def _email(self, original: str) -> str:
        local, _, domain = original.rpartition("@")
        labels = domain.split(".")[:-1] or [domain]
        return f"{self.of('login', local)[:30]}@{self.of('login', '.'.join(labels))[:30]}.example"

    def _url(self, original: str) -> str:
        scheme, _, rest = original.partition("://")
        path = rest.partition("/")[2]
        kept = re.sub(r"[^!-~]", "", self.of("code", path)) if path else ""
        return f"{scheme}://pay.example/{kept}"

    def _iban(self, original: str) -> str:
        """An account of the same country and length, with check digits that are right."""
        rest = self._unused("code", original[4:])
        digits = "".join(str(int(sign, 36)) for sign in rest.replace(" ", "") + original[:2] + "00")
        return f"{original[:2]}{98 - int(digits) % 97:02}{rest}"

    def _random(self, kind: str, original: str, attempt: int) -> Random:
        return Random(self._digest(f"{kind}:{attempt}", original))

    def _digest(self, kind: str, original: str) -> str:
        return hmac.new(self._secret, f"{kind}:{original}".encode("utf-8", "surrogatepass"), sha256).hexdigest()


def _reshaped(kind: Kind, original: str, chance: Random, *, plain: bool) -> str:
    """The original with other letters and digits: words that Faker knows, or where these do not do any letters."""
    last, made = 0, []
    words = 0
    for match in _RUNS.finditer(original):
        made.append(_signs(original[last : match.start()], chance))
        run = match[0]
        if run.isdecimal():
            made.append(_digits(run, chance))
        elif kind in ("code", "vat", "account", "phone") and run.isascii():
            kept = kind == "vat" and match.start() == 0 and len(run) == 2
            made.append(run if kept else _cased("".join(chance.choice("abcdefghjkmnpqrstuvwxyz") for _ in run), run))
        else:
            made.append(_cased(_letters(kind, run, chance, words, plain=plain), run))
            words += 1
        last = match.end()
    return "".join((*made, _signs(original[last:], chance)))


def _signs(between: str, chance: Random) -> str:
    """What stands between words: pictures become other ones, and everything else stays."""
    return "".join(_neighbour(sign, chance) if unicodedata.category(sign) == "So" else sign for sign in between)


def _digits(run: str, chance: Random) -> str:
    """As many other digits; what begins with a zero does so again."""
    if not run.isascii():
        return "".join(chr(ord(sign) - unicodedata.decimal(sign) + chance.randrange(10)) for sign in run)
    first = "0" if run[0] == "0" else chance.choice("123456789")
    return first + "".join(chance.choice("0123456789") for _ in run[1:])


def _letters(kind: Kind, run: str, chance: Random, place: int, *, plain: bool) -> str:
    """A word of about the same length in the same script; in scripts without blanks, as many signs."""
    script = script_of(run)
    if script not in _LOCALES:
        return "".join(_neighbour(sign, chance) for sign in run)
    pool = pool_of(script, "first" if kind == "person" and place == 0 else "last")
    if script in _SIGN_BY_SIGN or not plain:
        signs = "".join(pool)
        return "".join(chance.choice(signs) for _ in run)
    for slack in (1, 3, 100):
        fitting = [word for word in pool if abs(len(word) - len(run)) <= slack]
        if len(fitting) > 5:
            return chance.choice(fitting)
    return chance.choice(pool)


def _neighbour(sign: str, chance: Random) -> str:
    """Another sign of the same category among those that stand near it, such as a letter of the same script."""
    block = [chr(code) for code in range(ord(sign) & ~0x3F, (ord(sign) | 0x3F) + 1)]
    alike = [one for one in block if unicodedata.category(one) == unicodedata.category(sign)]
    return chance.choice([one for one in alike if not sign.isalpha() or script_of(one) == script_of(sign)])


def _cased(word: str, run: str) -> str:
    """A word in the case of another one."""
    if run.isupper() and len(run) > 1:
        return word.upper()
    if run[0].isupper():
        return word[:1].upper() + word[1:].lower()
    return word.lower() if run.islower() else word


@lru_cache(maxsize=100_000)
def script_of(run: str) -> str:
    """The script of a run of letters, by its first letter with a name, as Unicode calls it."""
    for sign in run:
        name = unicodedata.name(sign, "").split(" ")[0].removesuffix("-")
        if name:
            return name
    return ""


@lru_cache(maxsize=64)
def pool_of(script: str, which: Literal["first", "last"]) -> Sequence[str]:
    """Names that Faker knows in a script, each of one run of letters; always the same ones."""
    fake = Faker(_LOCALES[script])
    fake.seed_instance(1)
    drawn: Iterable[str] = (
        fake.first_name() if which == "first" or turn % 3 == 0 else fake.last_name() for turn in range(_POOL)
    )
    runs = {
        run for name in drawn for run in re.findall(r"[^\W\d_]+", name) if script_of(run) == script and len(run) > 1
    }
    return sorted(runs)
