"""Has rows refuse changes in this process, at run time as well: import it before the classes of rows are made.

Where the mock is served, only mypy holds rows immutable, as frozen classes take three times as long to make a row.
"""

import dataclasses
import sys

from waldur_billing_mock.mock_server import tables

if "waldur_billing_mock.mock_server.billing.structure" in sys.modules:
    raise RuntimeError("rows are not frozen: their classes were made before tests.frozen_rows was imported")
vars(tables)["row_class"] = dataclasses.dataclass
