"""Counts answers for Prometheus. While requests are answered only numbers are added up."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from typing import Any, Final

BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


Key = tuple[str | None, str, int]
"""Operation (None for a path that none has), method and status."""


class Metrics:
    """Counts of answers and how long they took. `gauges` are read when the metrics are."""

    def __init__(self, gauges: Mapping[str, Callable[[], int]]) -> None:
        self._gauges: Final = gauges
        self._counts: Final[dict[Key, list[float]]] = {}
        """How many answers took up to each bound, longer than all, and their seconds together."""

    def count(self, key: Key, seconds: float) -> None:
        """Count an answer."""
        counts = self._counts.get(key)
        if counts is None:
            counts = self._counts[key] = [0.0] * (len(BUCKETS) + 2)
        counts[bisect_left(BUCKETS, seconds)] += 1
        counts[-1] += seconds

    def text(self) -> str:
        """All numbers in the text format of Prometheus."""
        from prometheus_client import CollectorRegistry, generate_latest  # loaded with the first reading

        registry = CollectorRegistry()
        registry.register(_Collector(self._collect))
        return generate_latest(registry).decode()

    def _collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        answers = CounterMetricFamily("mock_answers", "Answers of the API.", labels=["operation", "method", "status"])
        durations: dict[str | None, list[float]] = {}
        for (operation, method, status), counts in self._counts.items():
            answers.add_metric([operation or "none", method, str(status)], sum(counts[:-1]))
            known = durations.get(operation, [0.0] * len(counts))
            durations[operation] = [one + other for one, other in zip(known, counts, strict=True)]
        yield answers
        seconds = HistogramMetricFamily("mock_answer_seconds", "How long answers took.", labels=["operation"])
        for operation, counts in durations.items():
            bounds = [*map(str, BUCKETS), "+Inf"]
            buckets = list(zip(bounds, accumulate(counts[:-1]), strict=True))
            seconds.add_metric([operation or "none"], buckets, sum_value=counts[-1])
        yield seconds
        for name, read in self._gauges.items():
            yield GaugeMetricFamily(f"mock_{name}", name.replace("_", " ").capitalize() + ".", value=read())


class _Collector:
    def __init__(self, collect: Callable[[], Iterator[Any]]) -> None:
        self.collect: Final = collect
