"""Gates of the user's own are checked like the built-in ones, and refused before the run."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from experiment_cycle.decision.gates import GATES, check
from experiment_cycle.decision.gates.own import check_own_gates
from experiment_cycle.decision.options import REPRODUCIBLE, DecisionOptions, GateOptions
from experiment_cycle.decision.records import Gate
from experiment_cycle.errors import ConfigurationError

DOCS = Path(__file__).parents[2] / "docs" / "decision.md"
OTHERS = '''
from experiment_cycle.decision.gates import Evidence, Outcome

def raises(evidence):
    """It raises."""
    raise KeyError("no such thing")

def says_yes(evidence):
    """It answers with a bool."""
    return True

def invents(evidence):
    """It invents a status."""
    return Outcome("fine", "All is fine.")

def waits(evidence):
    """It was not run."""
    return Outcome("not_run", "Nothing to look at.")

def takes_two(evidence, more):
    """It takes too much."""

def untitled(evidence):
    return Outcome("passed", "")

number = 3
'''


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of the docs, and gates that are wrong, in a module that can be imported."""
    example = re.search(r"```python\n(.*?has_enough_rows.*?)```", DOCS.read_text(), re.DOTALL)
    assert example is not None
    (tmp_path / "gates_of_this_test.py").write_text(example[1] + OTHERS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "gates_of_this_test", raising=False)


def options(name: str, **more: Any) -> DecisionOptions:
    own = {"mine": {"path": f"gates_of_this_test.{name}", **more}}
    return DecisionOptions.model_validate({"registered_model": "m", "own_gates": own})


def gate(name: str, version: dict[str, Any] | None = None, **more: Any) -> Gate:
    evidence: Any = SimpleNamespace(dataset_version=version or {}, retrained=None)
    gates = check(evidence, GateOptions(), options(name, **more).own_gates)
    assert [each.code for each in gates] == [
        *(code for code in GATES if code != REPRODUCIBLE),
        "mine",
    ]
    return gates[-1]


def test_the_example_of_the_docs_passes_and_fails() -> None:
    enough = gate("has_enough_rows", {"rows": 10_000})
    few = gate("has_enough_rows", {"rows": 9_999}, need="advisory")

    assert (enough.status, enough.required) == ("passed", True)
    assert enough.title == "The data have enough rows"
    assert (few.status, few.required) == ("failed", False)
    assert few.evidence == "9,999 rows; 10,000 are asked for."


@pytest.mark.parametrize(
    ("name", "status", "told"),
    [
        ("raises", "failed", "It could not be checked: KeyError: 'no such thing'"),
        ("says_yes", "failed", "It answered with a bool, which is no Outcome."),
        ("invents", "failed", "It could not be checked: ValidationError"),
        ("waits", "not_run", "Nothing to look at."),
    ],
)
def test_only_an_outcome_that_says_so_is_passed(name: str, status: str, told: str) -> None:
    found = gate(name)

    assert found.status == status
    assert told in found.evidence


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("has_enough_row", "Did you mean 'has_enough_rows'?"),
        ("takes_two", "cannot be called with one argument"),
        ("untitled", "has no docstring"),
        ("number", "cannot be called with one argument"),
    ],
)
def test_what_is_no_gate_is_refused_before_the_run(name: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        check_own_gates(options(name).own_gates)


def test_a_built_in_gate_is_not_replaced() -> None:
    own = {"no_leakage": options("waits").own_gates["mine"]}

    with pytest.raises(ConfigurationError, match="is a built-in gate"):
        check_own_gates(own)


def test_an_own_gate_is_required_unless_it_is_advisory() -> None:
    assert "mine" in options("waits").required_gates()
    assert "mine" not in options("waits", need="advisory").required_gates()
