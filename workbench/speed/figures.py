"""A figure beside its target."""

from __future__ import annotations

import operator
from dataclasses import asdict, dataclass
from typing import Any

_COMPARISONS = {"<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table.

    Attributes:
        case: what was asked of whom.
        name: what was counted.
        value: the ratio, or the value itself where nothing is beside it.
        unit: of the value; ``x`` for ratios.
        sign: ``<=`` or ``>=``, or empty where there is no target.
        target: what it is held to, in the same unit.
        ours: the value of the product, with its unit.
        theirs: what it is compared with, with its unit; empty where nothing is.
        rounds: the value of each round; the value is their median.
    """

    case: str
    name: str
    value: float
    unit: str = "x"
    sign: str = ""
    target: float = 0.0
    ours: str = ""
    theirs: str = ""
    rounds: tuple[float, ...] = ()

    @property
    def held(self) -> bool | None:
        """True if the value keeps to its target; None without a target."""
        return _COMPARISONS[self.sign](self.value, self.target) if self.sign else None

    def document(self) -> dict[str, Any]:
        """For the JSON file."""
        return asdict(self) | {"held": self.held}
