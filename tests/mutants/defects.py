"""All planted defects by their identifiers. The contract suite knows none of them."""

from collections.abc import Mapping
from typing import Final

from tests.mutants.acceptance import ACCEPTANCE
from tests.mutants.effects import EFFECTS
from tests.mutants.forms import FORMS
from tests.mutants.leaks import LEAKS
from tests.mutants.lists import LISTS
from tests.mutants.money import MONEY
from tests.mutants.months import MONTHS
from tests.mutants.permissions import PERMISSIONS
from tests.mutants.refusals import REFUSALS
from tests.mutants.roles import ROLES
from tests.mutants.writes import WRITES
from tests.wrapping.changes import Defect

CHAPTERS: Final[Mapping[str, tuple[Defect, ...]]] = {
    "forms": FORMS,
    "money": MONEY,
    "months": MONTHS,
    "lists": LISTS,
    "refusals": REFUSALS,
    "acceptance": ACCEPTANCE,
    "roles": ROLES,
    "leaks": LEAKS,
    "permissions": PERMISSIONS,
    "writes": WRITES,
    "effects": EFFECTS,
}
"""The defects by what they spoil."""

DEFECTS: Final[Mapping[str, Defect]] = {
    defect.identifier: defect for chapter in CHAPTERS.values() for defect in chapter
}
