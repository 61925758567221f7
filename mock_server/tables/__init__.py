"""A small in-memory database: copy-on-write tables of immutable rows. It knows nothing of billing or HTTP."""

from waldur_billing_mock.mock_server.tables.cache import Cache
from waldur_billing_mock.mock_server.tables.columns import Packing
from waldur_billing_mock.mock_server.tables.database import Database, Listener
from waldur_billing_mock.mock_server.tables.row_class import replace, row_class
from waldur_billing_mock.mock_server.tables.schema import (
    Aggregate,
    ForeignKey,
    Key,
    Options,
    Order,
    Row,
    Sums,
    schema_of,
)
from waldur_billing_mock.mock_server.tables.sorted_ids import SortedIds
from waldur_billing_mock.mock_server.tables.table import Found, Rows, Table

__all__ = [
    "Aggregate",
    "Cache",
    "Database",
    "ForeignKey",
    "Found",
    "Key",
    "Listener",
    "Options",
    "Order",
    "Packing",
    "Row",
    "Rows",
    "SortedIds",
    "Sums",
    "Table",
    "replace",
    "row_class",
    "schema_of",
]
