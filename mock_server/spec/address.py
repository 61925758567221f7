"""Which texts are web addresses: what Django's validator takes, in our own words."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

# Case is ignored only where it must be: over so wide a range, that takes long to compile.
_LETTER: Final = "a-zA-Z\u00a1-\uffff"
_LABEL: Final = rf"[{_LETTER}0-9](?:[{_LETTER}0-9-]{{0,61}}[{_LETTER}0-9])?"
_TOP: Final = rf"(?:(?i:xn--[a-z0-9]{{1,59}})|(?!-)[{_LETTER}-]{{2,63}}(?<!-))"
_ADDRESS: Final = (
    r"(?i:https?|ftps?)://"
    r"(?:[^\s:@/]+(?::[^\s:@/]*)?@)?"
    rf"(?:(?i:localhost)|(?P<name>{_LABEL}(?:\.{_LABEL})*\.{_TOP}\.?)"
    r"|(?P<v4>[0-9]+(?:\.[0-9]+){3})|\[(?P<v6>[0-9a-fA-F:.]+)\])"
    r"(?::[0-9]{1,5})?(?:[/?#]\S*)?"
)
"""Compiled when it is first needed: that takes longer than most imports."""
_LONGEST: Final = 2048
_LONGEST_NAME: Final = 253


def is_web_address(text: str) -> bool:
    """Whether the text is a complete address of the web or of FTP, with a host that could exist."""
    found = re.fullmatch(_ADDRESS, text) if len(text) <= _LONGEST else None
    if found is None:
        return False
    try:
        if found["v4"]:
            IPv4Address(found["v4"])
        if found["v6"]:
            IPv6Address(found["v6"])
    except AddressValueError:
        return False
    return len(found["name"] or "") <= _LONGEST_NAME
