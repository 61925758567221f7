"""Text for a terminal: what somebody else wrote must not move the cursor, nor begin a line of its own."""


def printable(text: str) -> str:
    """The text with an escape sequence in the place of every control character and other sign that is not shown."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
