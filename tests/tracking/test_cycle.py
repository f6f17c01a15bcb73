"""Which record a stage writes into, and when its inputs are refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.tracking.cycle import (
    Cycle,
    CycleState,
    PlannedNode,
    downstream,
    kept_nodes,
    rewrites,
    upstream,
)


def node(name: str, needs: str = "", makes: str = "", **parameters: object) -> PlannedNode:
    return PlannedNode(
        name=name,
        stage=f"stage_{name}",
        parameters=parameters,
        needs=frozenset(needs.split()),
        makes=frozenset(makes.split()),
    )


CUT = node("cut", "raw", "train test", ratio=0.7)
FIT = node("fit", "train", "model", alpha=1.0)
TEST = node("score", "model test", "metrics")
NOTE = node("note", "", "environment")
ALL = [CUT, FIT, TEST, NOTE]


def state(*finished: PlannedNode) -> CycleState:
    return CycleState(run_id="r", parameters="p", finished={n.name: n.key for n in finished})


def test_a_stage_alone_keeps_what_it_builds_on_and_what_does_not_depend_on_it() -> None:
    kept = kept_nodes([TEST], [], ALL, state(*ALL))

    assert set(kept) == {"cut", "fit", "note"}


def test_what_builds_on_a_rerun_stage_is_no_longer_finished() -> None:
    assert set(kept_nodes([CUT], [], ALL, state(*ALL))) == {"note"}


def test_a_stage_whose_inputs_were_never_made_is_refused_with_the_command_that_mends_it() -> None:
    with pytest.raises(ConfigurationError, match=r"--pipelines=stage_fit,stage_score") as caught:
        kept_nodes([TEST], [], ALL, state(CUT))

    assert "has not run in the present cycle" in caught.value.message


def test_a_stage_whose_inputs_were_made_with_other_parameters_is_refused() -> None:
    other = node("cut", "raw", "train test", ratio=0.8)

    with pytest.raises(ConfigurationError, match="other values of ratio"):
        kept_nodes([FIT], [], [other, FIT, TEST, NOTE], state(CUT))


def test_a_skipped_node_must_be_valid_as_well() -> None:
    with pytest.raises(ConfigurationError, match="'fit'"):
        kept_nodes([], [FIT], ALL, state(CUT))


def test_the_first_stages_need_nothing() -> None:
    assert kept_nodes([CUT, NOTE], [], ALL, None) == {}


@given(st.lists(st.sampled_from(ALL), min_size=1))
def test_upstream_and_downstream_never_name_what_runs(planned: list[PlannedNode]) -> None:
    names = {n.name for n in planned}

    assert not upstream(planned, ALL) & names
    assert downstream({"cut"}, ALL) == {"fit", "score"}


def test_the_state_survives_in_its_file(tmp_path: Path) -> None:
    cycle = Cycle(tmp_path / "deep" / "cycle.json")
    cycle.begin("run", {"seed": 1}, kept={})
    cycle.finish(CUT)

    found = Cycle(cycle.file).load()

    assert found is not None
    assert (found.run_id, found.finished) == ("run", {"cut": CUT.key})
    assert [file.name for file in cycle.file.parent.iterdir()] == ["cycle.json"]


def test_a_state_cut_short_counts_as_none(tmp_path: Path) -> None:
    file = tmp_path / "cycle.json"
    file.write_text('{"run_id": "r", "par')

    assert Cycle(file).load() is None


def test_a_finished_dataset_and_what_it_was_built_on_are_not_written_over() -> None:
    assert rewrites([FIT], "metrics", ALL, state(*ALL))
    assert rewrites([TEST], "metrics", ALL, state(*ALL))
    assert not rewrites([NOTE], "metrics", ALL, state(*ALL))
    assert not rewrites([TEST], "metrics", ALL, state(CUT, FIT))
    assert not rewrites([TEST], "metrics", ALL, None)
