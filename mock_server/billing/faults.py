"""The few ways in which the domain refuses. None knows HTTP: the web layer chooses status and body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Fault(Exception):
    """Something was refused, and nothing has changed."""


class NotFound(Fault):
    """No such row, or none that the caller may see. Without a sentence, the web layer names the model."""

    def __init__(self, model: str, message: str | None = None) -> None:
        super().__init__(message or model)
        self.model = model
        self.message = message

    @classmethod
    def with_uuid(cls, model: str, uuid: str) -> NotFound:
        """The variant that prints the identifier, hyphenated: `Project with UUID 0b8d… not found.`"""
        dashed = "-".join((uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:]))
        return cls(model, f"{model} with UUID {dashed} not found.")


class WrongState(Fault):
    """The row is not in one of the states, given by their display names, that the operation needs."""

    def __init__(self, valid: Sequence[str]) -> None:
        super().__init__(", ".join(valid))
        self.valid = tuple(valid)


class Refused(Fault):
    """A rule of billing forbids it. The reply is a list of the sentence, or the sentence itself when `bare`."""

    def __init__(self, message: str, *, bare: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.bare = bare


class InvalidFields(Fault):
    """Values that contradict each other or the world: the messages of each field by its name."""

    def __init__(self, messages: Mapping[str, Sequence[str]]) -> None:
        super().__init__(", ".join(messages))
        self.messages = {name: list(texts) for name, texts in messages.items()}


class OutOfRange(Fault):
    """The published patterns could not express the result. The sentence says what, where and the remedy."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
