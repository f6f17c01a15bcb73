"""Who may read the test set."""

import pytest
from kedro.pipeline import Node

from experiment_cycle.errors import SealedTestError
from experiment_cycle.pipeline_registry import register_pipelines
from experiment_cycle.sealed import check_sealed


def use(*_: object) -> int:
    return 1


def make(inputs: str | list[str], output: str, *tags: str) -> Node:
    """A node that makes one dataset from others."""
    name = output.split("@", maxsplit=1)[0]
    return Node(use, inputs, output, name=f"make_{name}", tags=list(tags))


def fit(reads: str) -> Node:
    return make(["train", reads], "model", "training")


def test_the_pipelines_shipped_keep_the_seal() -> None:
    pipelines = register_pipelines()

    for pipeline in pipelines.values():
        check_sealed(pipeline.nodes, pipelines["__default__"].nodes)


def test_a_node_without_the_tag_may_not_read_the_test_set() -> None:
    with pytest.raises(SealedTestError, match="'peek' reads the sealed dataset 'test'"):
        check_sealed([Node(use, ["train", "test"], "x", name="peek", tags="evaluation")])


@pytest.mark.parametrize("dataset", ["test", "dataset", "raw_data"])
@pytest.mark.parametrize("stage", ["tuning", "training"])
def test_tuning_and_training_may_not_read_test_rows_with_any_tag(dataset: str, stage: str) -> None:
    with pytest.raises(SealedTestError, match="'peek'"):
        check_sealed([Node(use, dataset, "x", name="peek", tags=[stage, "opens-test-set"])])


def test_a_tagged_node_may_open_it() -> None:
    check_sealed([Node(use, "test", "x", name="look", tags=["evaluation", "opens-test-set"])])


def test_a_transcoded_name_is_the_same_dataset() -> None:
    with pytest.raises(SealedTestError):
        check_sealed([Node(use, "test@pandas", "x", name="peek")])
    with pytest.raises(SealedTestError, match="'scaled'"):
        check_sealed([make("dataset", "scaled@spark"), fit("scaled@pandas")])


@pytest.mark.parametrize("source", ["dataset", "raw_data"])
def test_training_may_not_read_what_another_node_made_from_all_rows(source: str) -> None:
    with pytest.raises(SealedTestError) as raised:
        check_sealed([make(source, "means"), make("means", "scaled"), fit("scaled")])

    message = raised.value.message
    assert "'make_model' of the stage 'training' reads 'scaled'" in message
    assert f"from '{source}' was made 'means' (node 'make_means'), then 'scaled'" in message
    assert "Next step" in message


def test_what_was_made_by_opening_the_test_set_leads_no_model() -> None:
    opener = make(["train", "test"], "encoded", "opens-test-set")

    with pytest.raises(SealedTestError, match="from 'test' was made 'encoded'"):
        check_sealed([opener, fit("encoded")])
    check_sealed([opener, make("encoded", "plot", "evaluation")])


def test_a_stage_run_alone_is_checked_against_the_whole_project() -> None:
    trainer = fit("means")

    check_sealed([trainer])
    with pytest.raises(SealedTestError, match="'means'"):
        check_sealed([trainer], [make("dataset", "means"), trainer])


def test_features_made_from_train_and_validation_are_free() -> None:
    check_sealed(
        [
            make("dataset", "split_assignment", "splitting"),
            Node(use, ["dataset", "split_assignment"], ["train", "validation", "test"], name="cut"),
            make(["train", "validation", "params:columns"], "features"),
            fit("features"),
            make(["train", "split_assignment"], "trials", "tuning"),
        ]
    )


def test_a_table_the_raw_data_are_made_from_holds_test_rows_too() -> None:
    join = make(["persons", "visits", "params:since"], "raw_data", "data_preparation")

    with pytest.raises(SealedTestError, match=r"reads 'persons', of which 'raw_data' is made"):
        check_sealed([join, fit("persons")])
    with pytest.raises(SealedTestError, match=r"'persons', of which 'raw_data' is made, was made"):
        check_sealed([join, make("persons", "ages"), fit("ages")])
    check_sealed([join, fit("params:since"), make("weather", "forecast", "tuning")])


def test_what_other_stages_measured_on_test_rows_tunes_nothing() -> None:
    measured = make("test_predictions", "metrics", "evaluation")
    predicted = make(["model", "test"], "test_predictions", "evaluation", "opens-test-set")

    with pytest.raises(SealedTestError, match="'test_predictions'"):
        check_sealed([predicted, measured, make(["train", "metrics"], "trials", "tuning")])


def test_a_profile_of_all_rows_is_not_for_training() -> None:
    with pytest.raises(SealedTestError, match="'dataset_profile'"):
        check_sealed(
            [make("dataset", "dataset_profile", "data_versioning"), fit("dataset_profile")]
        )
