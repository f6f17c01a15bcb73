"""A champion that has seen test rows is found, and decides nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiment_cycle.columns import Columns
from experiment_cycle.decision.comparison import compare
from experiment_cycle.decision.families import TestSet
from experiment_cycle.decision.gates import incumbent_unseen
from experiment_cycle.decision.options import Requirement
from experiment_cycle.decision.overlap import choose_rows
from experiment_cycle.decision.records import Decision, Gate
from experiment_cycle.decision.rule import DATA_GATES, decide
from experiment_cycle.seen_rows import OnOverlap
from experiment_cycle.splitting.duration import Duration
from experiment_cycle.splitting.records import SplitManifest
from experiment_cycle.splitting.timed_keys import timed_keys

ROWS, TESTS, SEEN = 3000, 900, 700
ROLES = {
    "group": Columns(target="y", group="g", drop=("i", "q", "t")),
    "identifier": Columns(target="y", identifier="i", drop=("g", "q", "t")),
    "query": Columns(target="y", query="q", drop=("i", "g", "t")),
    "time": Columns(target="y", time="t", drop=("i", "g", "q")),
    "values": Columns(target="y", drop=("i", "g", "q", "t")),
}


class World:
    """A challenger that is better than an honest champion would be, and a champion that knows."""

    def __init__(self, case: Any, role: str, on_overlap: OnOverlap, strategy: str) -> None:
        generator = np.random.default_rng(3)
        rows = np.arange(ROWS)
        self.columns = ROLES[role]
        data = pd.DataFrame(
            {
                "i": rows,
                "g": rows // 2,
                "q": rows // 2,
                "t": pd.Timestamp("2024-01-01") + pd.to_timedelta(rows, unit="h"),
                "x": generator.normal(size=ROWS),
                "y": generator.integers(0, 2, size=ROWS),
            },
            index=pd.Index(rows, name="__row__"),
        )
        self.tests = timed_keys(data.iloc[-TESTS:], self.columns)
        self.present = timed_keys(data.iloc[:-TESTS], self.columns)
        begin, end = (ROWS - TESTS, ROWS - TESTS + SEEN)
        self.champion = timed_keys(data.iloc[begin - 500 : end], self.columns)
        table = case.predictions.iloc[:TESTS].copy()
        table.index = self.tests.index
        known = np.arange(TESTS) < SEEN
        # what it has seen it remembers, of the others it knows nothing
        remembered = np.where(table["target"] == 1, 0.95, 0.05)
        guessed = generator.uniform(0.2, 0.8, size=TESTS)
        case.predictions = table.assign(incumbent=np.where(known, remembered, guessed))
        case.incumbent_kind, case.version = "champion", 1
        case.options = case.options.model_copy(update={"on_overlap": on_overlap})
        self.case = case
        self.manifest = {
            **case.split_manifest,
            "strategy": strategy,
            "guarantees": {"ordered_in_time": role == "time"},
        }

    def decide(
        self, horizon: Duration | None = None, need: Requirement = "required"
    ) -> tuple[Decision, Any]:
        case = self.case
        demanded = case.options.gates.model_copy(update={"incumbent_unseen": need})
        case.options = case.options.model_copy(update={"gates": demanded})
        tested = choose_rows(
            *(self.tests, self.present, self.champion, SplitManifest.model_validate(self.manifest)),
            *(self.columns, case.options.on_overlap, 0.01, horizon),
        )
        self.tested = tested
        compared = compare(
            *(case.predictions, case.folds, case.challenger_record, case.incumbent_record),
            *(self.manifest, case.hypothesis, case.options),
            TestSet.of(tested.rows, self.tests, self.columns, {}),
            *(case.ledger, None, tested),
        )
        gates = [
            Gate(code=code, title=code, status="passed", required=True, evidence="")
            for code in dict(case.options.gates)
            if code != "incumbent_unseen"
        ]
        outcome = incumbent_unseen.check(self.evidence(compared))
        gates.append(
            Gate(
                code="incumbent_unseen",
                title=incumbent_unseen.TITLE,
                status=outcome.status,
                required=need == "required",
                evidence=outcome.evidence,
            )
        )
        assert {gate.code for gate in gates} >= set(DATA_GATES)
        return decide(compared, gates, case.hypothesis, case.options), compared

    def evidence(self, compared: Any) -> Any:
        case = self.case
        return incumbent_unseen.Evidence(
            hypothesis=case.hypothesis,
            columns=self.columns,
            versions=None,  # type: ignore[arg-type] # no gate here asks for them
            dataset_version={},
            split_manifest=self.manifest,
            leakage_report={"passed": True, "findings": []},
            environment={},
            comparison=compared,
            challenger_record=case.challenger_record,
            incumbent_record=case.incumbent_record,
            test_rows=self.tested.rows,
            challenger_seen_rows=self.present,
            incumbent_seen_rows=self.champion,
            max_duplicate_share=0.01,
        )


@pytest.mark.parametrize("role", ROLES)
def test_refused_a_champion_that_knows_the_test_rows_abandons_no_better_challenger(
    case: Any, role: str
) -> None:
    world = World(case, role, "refuse", "time" if role == "time" else "random")
    decision, compared = world.decide()

    # the champion's memory does refute the challenger; only the gate stands before it
    assert compared.primary.status == "refuted"
    assert decision.decision == "iterate"
    assert compared.overlap.seen >= SEEN
    assert compared.overlap.left_out == 0
    assert any(f"{SEEN:,} of {TESTS:,} test rows" in reason for reason in decision.reasons)


@pytest.mark.parametrize("role", ROLES)
def test_restricted_the_rows_a_champion_knows_are_left_out(case: Any, role: str) -> None:
    world = World(case, role, "restrict", "time" if role == "time" else "key_hash")
    decision, compared = world.decide()

    assert compared.overlap.left_out == SEEN
    assert compared.rows == TESTS - SEEN
    assert compared.primary.status != "refuted"
    assert compared.primary.effect > 0.0
    assert decision.decision == "promote", decision.reasons
    assert any("200: 700 were left out" in reason for reason in decision.reasons)
    # what the ledger knows as looked at are the rows that were
    tested = TestSet.of(world.tested.rows, world.tests, world.columns, {})
    assert compared.look.family == tested.id[:16]


@pytest.mark.parametrize("better", ["challenger", "champion"])
def test_seen_rows_decide_nothing_where_the_gate_is_advisory(case: Any, better: str) -> None:
    world = World(case, "group", "refuse", "random")
    if better == "challenger":
        predictions = case.predictions
        case.predictions = predictions.assign(incumbent=1 - predictions["incumbent"])
    decision, compared = world.decide(need="advisory")

    assert compared.primary.status == ("met" if better == "challenger" else "refuted")
    assert compared.overlap.seen == SEEN
    assert decision.decision == "iterate"
    assert any("nothing is decided by this comparison" in each for each in decision.reasons)


def test_a_label_horizon_reaches_beyond_the_last_row_a_champion_has_seen(case: Any) -> None:
    world = World(case, "time", "restrict", "time")
    _, compared = world.decide(Duration("20h"))

    # the last seen row and 19 hours after it
    assert compared.overlap.left_out == SEEN + 19


def test_only_some_splits_are_restricted(case: Any) -> None:
    decision, compared = World(case, "values", "restrict", "random").decide()

    assert compared.overlap.left_out == 0
    assert "'random'" in compared.overlap.note
    assert decision.decision == "iterate"


def test_an_inherited_split_is_restricted_whatever_its_strategy(case: Any) -> None:
    world = World(case, "group", "restrict", "group")
    world.manifest["inherited"] = {"version": 1, "split": "a", "old_rows": 1, "new_rows": 1}

    assert world.decide()[1].overlap.left_out == SEEN


def test_too_little_that_is_left_is_not_compared_alone(case: Any) -> None:
    world = World(case, "group", "restrict", "key_hash")
    # three groups hold all that stays
    stays = world.tests.index[SEEN:]
    world.tests.loc[stays, "unit"] = np.arange(len(stays), dtype=np.uint64) % 3
    decision, compared = world.decide()

    assert compared.overlap.left_out == 0
    assert "effective units" in compared.overlap.note
    assert decision.decision == "iterate"


def few_values(rows: int, seed: int) -> pd.DataFrame:
    """A table of so few possible values that chance makes many twins."""
    generator = np.random.default_rng(seed)
    table = {name: generator.geometric(0.35, size=rows) for name in "abcd"}
    return pd.DataFrame({**table, "y": generator.integers(0, 2, size=rows)})


@pytest.mark.parametrize(("known", "found"), [(0, False), (30, True), (300, True)])
def test_twins_by_chance_are_no_overlap_and_seen_rows_among_them_are(
    case: Any, known: int, found: bool
) -> None:
    columns, data = Columns(target="y"), few_values(3000, 1)
    test, present = data.iloc[2000:], data.iloc[:2000]
    keys = [timed_keys(part, columns) for part in (test, present)]
    champion = timed_keys(pd.concat([present.iloc[:1800], test.iloc[:known]]), columns)
    twins = np.isin(keys[0]["features"], champion["features"]).mean()
    manifest = SplitManifest.model_validate(case.split_manifest)
    told = choose_rows(*keys, champion, manifest, columns, "refuse", 0.005, None)

    assert twins > 0.3
    assert (told.overlap is not None) == found
