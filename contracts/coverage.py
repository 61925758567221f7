"""What a run has touched: statuses and parameters by operation, and how long answers took. Holds no data."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from waldur_billing_mock.contracts.exchange import Exchange, Request

_WORTH_A_LOOK: Final = 1.0


@dataclass
class Coverage:
    """Counts by operationId. `slow` holds a slow exchange of each target; `slow_from` is when one is too slow."""

    statuses: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    parameters: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    slow: dict[str, Exchange] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    slow_from: float = 1.0

    def count(self, operation_id: str, request: Request, status: int) -> None:
        """Counts one answer of an operation, and the query parameters that it was asked with."""
        self.statuses[operation_id][status] += 1
        query = request.target.partition("?")[2]
        self.parameters[operation_id].update(name for name, _ in parse_qsl(query, keep_blank_values=True))

    def succeeded(self, operation_id: str) -> bool:
        """Whether an operation was ever answered with success."""
        return any(200 <= status < 300 for status in self.statuses.get(operation_id, ()))

    def time(self, exchange: Exchange) -> None:
        """Keeps how long an answer took, and a read that was slow, to be asked again."""
        self.seconds.append(exchange.answer.seconds)
        if exchange.answer.seconds >= min(self.slow_from, _WORTH_A_LOOK) and exchange.request.method == "GET":
            self.slow.setdefault(exchange.request.target, exchange)
