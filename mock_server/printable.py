"""Text for a terminal: what somebody else wrote must not move the cursor, nor begin a line of its own."""


def printable(text: str) -> str:
    """The text with an escape sequence in the place of every control character and other sign that is not shown."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


class OutputError(Exception):
    """Standard output cannot be written. The message says why, and what to do."""


def write_out(text: str, end: str = "\n") -> None:
    """Print at once. Raises `BrokenPipeError` where the reader has gone, else `OutputError`: a full disk for one."""
    try:
        print(text, end=end, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(
            f"standard output cannot be written: {error.strerror}; free some space, or write elsewhere."
        ) from error
