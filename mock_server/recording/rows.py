"""Rows of a world file that are put together from answers: each table's rows by uuid, references made good."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

from waldur_billing_mock.contracts.values import Malformed, Row, identifier, optional_identifier
from waldur_billing_mock.mock_server.billing.world import TABLES
from waldur_billing_mock.mock_server.recording.notes import Notes
from waldur_billing_mock.mock_server.world_fields import stored_fields
from waldur_billing_mock.mock_server.world_values import Unfit

FileRow = dict[str, Any]
_KINDS: Final = {name: stored_fields(kind) for name, kind in TABLES.items()}


@dataclass
class Rows:
    """The rows of all tables of a world file, each table by the uuid of its rows."""

    notes: Notes
    tables: dict[str, dict[str, FileRow]] = field(default_factory=lambda: {name: {} for name in TABLES})

    def put(self, table: str, row: FileRow) -> FileRow:
        """Add a row. Values that the table cannot hold are left out, and noted."""
        kept = {name: value for name, value in row.items() if value is not None and self._fits(table, name, value)}
        self.tables[table][row["uuid"]] = kept
        return kept

    def get(self, table: str, uuid: str | None) -> FileRow | None:
        """The row with a uuid."""
        return None if uuid is None else self.tables[table].get(uuid)

    def need(self, table: str, uuid: str, make: Callable[[], FileRow], why: str) -> FileRow:
        """The row with a uuid, which is made up where there is none."""
        found = self.get(table, uuid)
        if found is None:
            self.notes.make_up(table, why)
            found = self.put(table, {"uuid": uuid, **make()})
        return found

    def content(self) -> dict[str, list[FileRow]]:
        """The tables as a world file has them."""
        return {name: list(rows.values()) for name, rows in self.tables.items()}

    def _fits(self, table: str, name: str, value: Any) -> bool:
        kind, _ = _KINDS[table][name]
        try:
            kind.read(value)
        except Unfit as error:
            if name == "details" and isinstance(value, dict):
                return self._trim(table, name, value)
            self.notes.leave_out(f"{table}.{name}", f"it is not {error.args[0].partition('; expected ')[2]}")
            return False
        return True

    def _trim(self, table: str, name: str, value: dict[str, Any]) -> bool:
        """Takes members out of free-form details that they cannot have."""
        kind, _ = _KINDS[table][name]
        for member in list(value):
            try:
                kind.read({member: value[member]})
            except Unfit:
                self.notes.leave_out(f"{table}.{name}", "a member has a form that no world file can hold")
                del value[member]
        return True


def derived(kind: str, name: str) -> str:
    """A uuid for what the server does not show, which follows from what it belongs to."""
    digits = blake2b(f"{kind}:{name}".encode(), digest_size=16).hexdigest()
    # Version 4, of the variant of RFC 9562.
    return f"{digits[:12]}4{digits[13:16]}{'89ab'[int(digits[16], 16) % 4]}{digits[17:]}"


def text_of(row: Row, name: str) -> str:
    """A text of an answer; blank where it is missing or no text."""
    value = row.get(name)
    return value if isinstance(value, str) else ""


def uuid_of(row: Row, name: str = "uuid") -> str | None:
    """The digits of the uuid in a field, or at the end of its link; None where there is none."""
    try:
        return optional_identifier(row.get(name))
    except Malformed:
        return None


def details_of(row: Row) -> dict[str, Any]:
    """The details of an item as they are stored: uuids without hyphens."""
    details = row.get("details")
    if not isinstance(details, Mapping):
        return {}
    return {name: _plain(value) if name.endswith("_uuid") else value for name, value in details.items()}


def _plain(value: Any) -> Any:
    try:
        return identifier(value) if value else value
    except Malformed:
        return value
