"""What nodes save, as entries of the record."""

from __future__ import annotations

from experiment_cycle.tracking.translation import (
    LONGEST,
    dataset_tags,
    entry_of,
    flatten,
    metrics_of,
    parameters_of,
    tags_of,
)


def values(entry: object) -> dict[tuple[str, int], float]:
    return {(point.name, point.step): point.value for point in entry.points}  # type: ignore[attr-defined]


def test_every_leaf_is_a_parameter_and_a_long_one_says_that_it_is_cut() -> None:
    tree = {"seed": 1, "columns": {"drop": ["a"], "group": None}, "empty": {}, "long": "x" * 7000}
    found = parameters_of(tree).values
    assert found.pop("long").endswith("configuration.yml)")
    assert found == {
        "seed": "1",
        "columns.drop": '["a"]',
        "columns.group": "null",
        "empty": "{}",
    }
    assert len(parameters_of(tree).values["long"]) == LONGEST


def test_only_finite_numbers_are_metrics() -> None:
    tree = {
        "challenger": {"roc_auc": {"value": 0.7, "lower": None, "note": "n"}},
        "identical": True,
        "rows": 10,
        "gap": float("nan"),
        "class >50K": 0.5,
    }
    assert values(metrics_of(tree, prefix="m")) == {
        ("m.challenger.roc_auc", 0): 0.7,
        ("m.rows", 0): 10.0,
        ("m.class _50K", 0): 0.5,
    }


def test_curves_have_the_round_or_epoch_as_step() -> None:
    history = {
        "train": {"log_loss": [0.6, 0.5]},
        "validation": {"log_loss": [0.7, 0.65, float("nan")]},
    }
    assert values(entry_of("history", "training_history", history)) == {
        ("train.log_loss.by_step", 1): 0.6,
        ("train.log_loss.by_step", 2): 0.5,
        ("validation.log_loss.by_step", 1): 0.7,
        ("validation.log_loss.by_step", 2): 0.65,
    }


def test_metrics_on_validation_are_recorded_with_their_spread_over_seeds() -> None:
    spread = {"metric": "roc_auc", "values": [0.7, 0.6], "mean": 0.65, "worst": 0.6}
    report = {
        "rows": 9,
        "metrics": {"roc_auc": 0.7, "precision": None},
        "confusion": [[1, 2], [3, 4]],
        "seeds": [spread | {"standard_deviation": 0.07}],
    }
    assert values(entry_of("validation", "validation_report", report)) == {
        ("validation.roc_auc", 0): 0.7,
        ("validation.roc_auc.seeds.mean", 0): 0.65,
        ("validation.roc_auc.seeds.standard_deviation", 0): 0.07,
        ("validation.roc_auc.seeds.worst", 0): 0.6,
    }


def test_tags_leave_out_what_is_not_known_or_too_long() -> None:
    assert tags_of({"a": "x", "b": None, "c": 3, "d": "x" * 7000}).values == {"a": "x", "c": "3"}
    version = {"backend": "dvc", "content_hash": "f" * 64, "column_hashes": {"a": "1"}}
    assert dataset_tags(version).values == {
        "dataset.backend": "dvc",
        "dataset.content_hash": "f" * 64,
    }


def test_a_mark_that_is_none_of_these_gives_no_entry() -> None:
    assert entry_of("figure", "loss_curve", object()) is None


def test_flatten_keeps_empty_blocks_and_lists_as_leaves() -> None:
    assert dict(flatten({"a": {"b": [1, {"c": 2}]}, "d": {}})) == {"a.b": [1, {"c": 2}], "d": {}}
