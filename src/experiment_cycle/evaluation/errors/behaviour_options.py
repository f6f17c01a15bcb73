"""What a model is expected to do when a row is changed, as a user declares it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from experiment_cycle.columns import Name
from experiment_cycle.options import Options

Level = bool | int | float | str
WAYS = ("set", "add", "multiply", "swap", "missing")
Expect = Literal["increase", "decrease", "not_increase", "not_decrease"]


class Change(Options):
    """What becomes of one column: exactly one of the keys; a plain value is short for `set`."""

    set: Level | None = Field(default=None, description="this value in every row")
    add: float | None = Field(default=None, description="to a number, or days to a date")
    multiply: float | None = Field(default=None, description="a number, by this")
    swap: tuple[Level, Level] | None = Field(
        default=None, description="two levels; rows with another one are left out"
    )
    missing: Literal[True] | None = Field(default=None, description="no value in any row")

    @model_validator(mode="before")
    @classmethod
    def _takes_a_plain_value(cls, given: Any) -> Any:
        return given if isinstance(given, dict) else {"set": given}

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(getattr(self, way) is not None for way in WAYS) != 1:
            raise ValueError(f"a change is exactly one of {', '.join(WAYS)}")
        return self

    def told(self) -> str:
        """Write it for a reader, such as ``times 1.1``."""
        if self.set is not None:
            return f"is {self.set}"
        if self.add is not None:
            return f"{'+' if self.add >= 0 else ''}{self.add:g}"
        if self.multiply is not None:
            return f"times {self.multiply:g}"
        if self.swap is not None:
            return f"{self.swap[0]} and {self.swap[1]} swapped"
        return "is missing"


class BehaviourTest(Options):
    """One expectation: after Ribeiro et al., Beyond Accuracy: CheckList, ACL 2020.

    What is held against it is the prediction: of two classes the probability of the positive one,
    of several that of `of_class`, else the number or the score.
    """

    name: Annotated[str, Field(min_length=1, max_length=60)]
    type: Literal["invariance", "directional"]
    change: dict[Name, Change] = Field(min_length=1, description="what becomes of which column")
    expect: Expect | None = Field(default=None, description="directional: which way it may go")
    max_change: float | None = Field(
        default=None,
        ge=0.0,
        description="invariance: how far the prediction may move; not_increase and not_decrease: "
        "how far it may go the wrong way (0 where it is not given)",
    )
    of_class: Level | None = Field(
        default=None, description="several classes, directional: whose probability"
    )
    min_share: float = Field(
        default=0.95, gt=0.0, le=1.0, description="of the rows that change: where it must hold"
    )

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if self.type == "invariance":
            if self.max_change is None:
                raise ValueError("an invariance needs max_change: how far a prediction may move")
            if self.expect is not None or self.of_class is not None:
                raise ValueError("expect and of_class belong to directional tests")
        elif self.expect is None:
            raise ValueError("a directional test needs expect: which way the prediction may go")
        elif self.max_change is not None and not self.expect.startswith("not_"):
            raise ValueError(f"max_change has no meaning beside expect: {self.expect}")
        return self


def distinct(tests: tuple[BehaviourTest, ...]) -> tuple[BehaviourTest, ...]:
    """Refuse two tests of one name.

    Raises:
        ValueError: there are.
    """
    names = [test.name for test in tests]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"more than one test is called {', '.join(map(repr, twice))}")
    return tests
