"""Counts answers for Prometheus. While requests are answered only numbers are added up."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from waldur_billing_mock.mock_server.control.lookup import Lookup

BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """ASGI middleware. `clock` returns monotonic seconds; `gauges` are read when the metrics are."""

    def __init__(
        self, app: ASGIApp, *, lookup: Lookup, clock: Callable[[], float], gauges: Mapping[str, Callable[[], int]]
    ) -> None:
        self._app: Final = app
        self._lookup: Final = lookup
        self._clock: Final = clock
        self._gauges: Final = gauges
        self._answers: dict[tuple[str, str, int], int] = {}
        self._durations: dict[str, list[float]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = self._clock()
        status = 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            self._count(scope, status, self._clock() - begun)

    def text(self) -> str:
        """All numbers in the text format of Prometheus."""
        from prometheus_client import CollectorRegistry, generate_latest  # loaded with the first reading

        registry = CollectorRegistry()
        registry.register(_Collector(self._collect))
        return generate_latest(registry).decode()

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        operation = self._lookup.operation(scope) or "none"
        key = (operation, scope["method"], status)
        self._answers[key] = self._answers.get(key, 0) + 1
        counts = self._durations.get(operation)
        if counts is None:
            counts = self._durations[operation] = [0.0] * (len(BUCKETS) + 2)
        counts[bisect_left(BUCKETS, seconds)] += 1
        counts[-1] += seconds

    def _collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        answers = CounterMetricFamily("mock_answers", "Answers of the API.", labels=["operation", "method", "status"])
        for (operation, method, status), count in self._answers.items():
            answers.add_metric([operation, method, str(status)], count)
        yield answers
        seconds = HistogramMetricFamily("mock_answer_seconds", "How long answers took.", labels=["operation"])
        for operation, counts in self._durations.items():
            total = 0.0
            buckets = []
            for bound, more in zip([*map(str, BUCKETS), "+Inf"], counts, strict=False):
                total += more
                buckets.append((bound, total))
            seconds.add_metric([operation], buckets, sum_value=counts[-1])
        yield seconds
        for name, read in self._gauges.items():
            yield GaugeMetricFamily(f"mock_{name}", name.replace("_", " ").capitalize() + ".", value=read())


class _Collector:
    def __init__(self, collect: Callable[[], Iterator[Any]]) -> None:
        self.collect: Final = collect
