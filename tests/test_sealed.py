"""Who may read the test set."""

import pytest
from kedro.pipeline import Node

from experiment_cycle.errors import SealedTestError
from experiment_cycle.pipeline_registry import register_pipelines
from experiment_cycle.sealed import check_sealed


def use(*_: object) -> int:
    return 1


def test_the_pipelines_shipped_keep_the_seal() -> None:
    check_sealed(register_pipelines()["__default__"].nodes)


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
