"""Users of a recorded world. Their tokens are new: those of the server are not read."""

from hashlib import blake2b

from waldur_billing_mock.contracts.values import Row, identifier
from waldur_billing_mock.mock_server.recording.gathering import Gathered
from waldur_billing_mock.mock_server.recording.rows import FileRow, Rows, derived, text_of, uuid_of

_SCOPES = {"customer": "customers", "project": "projects", "offering": "offerings"}


def put_users(rows: Rows, found: Gathered) -> None:
    """Those that the server shows, with the roles that they hold on what is recorded; and somebody who may call."""
    for row in found.neighbours.get("users", ()):
        uuid = identifier(row["uuid"])
        roles = _roles(rows, row)
        user = {
            "uuid": uuid,
            "username": text_of(row, "username"),
            "token": new_token(uuid),
            "full_name": text_of(row, "full_name"),
            "email": text_of(row, "email"),
            "is_staff": row.get("is_staff") is True,
            "is_support": row.get("is_support") is True,
            "is_active": row.get("is_active") is not False,
            "roles": roles,
        }
        if found.bounds.are_none or roles or user["is_staff"]:
            rows.put("users", user)
            rows.notes.make_up("users.token", "tokens are not read; each user has a new one")
    if not any(row.get("is_staff") and row.get("is_active") for row in rows.tables["users"].values()):
        taken = {row.get("username") for row in rows.tables["users"].values()}
        name = next(name for name in ("staff", "recorder", derived("user", "name")) if name not in taken)
        uuid = derived("user", name)
        rows.notes.make_up("users", "a staff user, so that somebody can call the served world")
        rows.put("users", {"uuid": uuid, "username": name, "token": new_token(uuid), "is_staff": True})


def new_token(uuid: str) -> str:
    """A token of 40 digits that follows from a user's uuid."""
    return blake2b(f"token:{uuid}".encode(), digest_size=20).hexdigest()


def _roles(rows: Rows, user: Row) -> list[FileRow]:
    held = user.get("permissions")
    found = []
    for one in held if isinstance(held, list) else ():
        scope = one.get("scope_type") if isinstance(one, dict) else None
        table = _SCOPES.get(str(scope))
        uuid = uuid_of(one, "scope_uuid") if table else None
        if table is None or rows.get(table, uuid) is None:
            rows.notes.leave_out("users.roles", "their scope is not recorded")
            continue
        found.append({"name": text_of(one, "role_name"), "scope_type": scope, "scope_uuid": uuid})
    return found
