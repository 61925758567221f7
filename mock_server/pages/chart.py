"""Stacked columns as SVG, drawn here: a chart needs neither a script nor a style of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, log10
from typing import Final

WIDTH: Final = 720.0
HEIGHT: Final = 240.0
_LEFT, _TOP, _BOTTOM = 56.0, 8.0, 24.0
_STEPS: Final = 4
_COLOURS: Final = 5
_LEAST_SLOTS: Final = 8
"""Fewer columns do not become wider."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a column. `colour` is the number of a class of the style sheet, `title` its tooltip."""

    x: float
    y: float
    width: float
    height: float
    colour: int
    title: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A text at an axis."""

    position: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All that is to be drawn, in a field of `WIDTH` by `HEIGHT`; `legend` are the series and their colours."""

    bars: Sequence[Bar]
    rows: Sequence[Tick]
    columns: Sequence[Tick]
    legend: Sequence[tuple[str, int]]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = _LEFT


def stacked(labels: Sequence[str], series: Sequence[tuple[str, Sequence[Decimal]]]) -> Chart:
    """A column for each label. Values below zero are not drawn; the table beside a chart has them."""
    sums = [sum(max(0.0, float(values[place])) for _, values in series) for place in range(len(labels))]
    step = _step(max(sums, default=0.0))
    scale = (HEIGHT - _TOP - _BOTTOM) / (step * _STEPS)
    slot = (WIDTH - _LEFT) / max(_LEAST_SLOTS, len(labels))
    bars = []
    for place, label in enumerate(labels):
        base = HEIGHT - _BOTTOM
        for number, (name, values) in enumerate(series):
            height = max(0.0, float(values[place])) * scale
            if height > 0:
                base -= height
                title = f"{name}, {label}: {values[place]:,.2f}"
                x, width = _LEFT + slot * (place + 0.15), slot * 0.7
                bars.append(Bar(_round(x), _round(base), _round(width), _round(height), _colour(number), title))
    rows = [Tick(_round(HEIGHT - _BOTTOM - step * n * scale), f"{step * n:,.10g}") for n in range(_STEPS + 1)]
    columns = [Tick(_round(_LEFT + slot * (place + 0.5)), label[:3]) for place, label in enumerate(labels)]
    return Chart(bars, rows, columns, [(name, _colour(number)) for number, (name, _) in enumerate(series)])


def _step(largest: float) -> float:
    """The distance of two lines: 1, 2, 2.5 or 5 times a power of ten, so that four of them hold the largest value."""
    if largest <= 0:
        return 1.0
    rough = largest / _STEPS
    power = 10.0 ** ceil(log10(rough) - 1)
    return float(next(power * factor for factor in (1, 2, 2.5, 5, 10, 20) if power * factor >= rough))


def _colour(number: int) -> int:
    return min(number, _COLOURS - 1) + 1


def _round(value: float) -> float:
    return round(value, 1)
