"""Wrong parameters are found before anything runs, and named."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from experiment_cycle.configuration import check_parameters
from experiment_cycle.errors import ConfigurationError

BASE = Path(__file__).parents[1] / "conf" / "base"


@pytest.fixture
def parameters() -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for file in BASE.glob("parameters*.yml"):
        merged |= yaml.safe_load(file.read_text())
    return merged


def put(parameters: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    changed = deepcopy(parameters)
    here: Any = changed
    *way, last = path.split(".")
    for key in way:
        here = here[key]
    here[last] = value
    return changed


def remove(parameters: dict[str, Any], path: str) -> dict[str, Any]:
    changed = deepcopy(parameters)
    here: Any = changed
    *way, last = path.split(".")
    for key in way:
        here = here[key]
    del here[last]
    return changed


def message(parameters: dict[str, Any], *, read_elsewhere: tuple[str, ...] = ()) -> str:
    with pytest.raises(ConfigurationError) as caught:
        check_parameters(parameters, read_elsewhere, [BASE])
    return caught.value.message


def test_the_parameters_shipped_are_right(parameters: dict[str, Any]) -> None:
    configuration = check_parameters(parameters, (), [BASE])

    assert configuration.columns.target == "any_visit"


def test_every_parameter_has_a_comment_that_explains_it() -> None:
    for file in BASE.glob("parameters*.yml"):
        lines = [
            line
            for line in file.read_text().splitlines()
            # a search space explains itself
            if ": " in line and "#" not in line and "{type: " not in line
        ]
        # hyperparameters, and what a comment above explains, need none beside them
        assert len(lines) <= 20, (file.name, lines)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("sead", "seed"),
        ("columns.taget", "target"),
        ("splitting.stratgy", "strategy"),
        ("splitting.ratios.trian", "train"),
        ("training.estimators.lightgbm.num_leave", "num_leaves"),
        ("training.early_stopping.patence", "patience"),
        ("evaluation.fairness.min_group_row", "min_group_rows"),
        ("hypothesis.success_criteria.primary.metrik", "metric"),
        ("decision.gates.no_leekage", "no_leakage"),
        ("data_versioning.bakend", "backend"),
        ("reporting.slicess", "slices"),
        ("tuning.trails", "trials"),
    ],
)
def test_a_misspelt_key_is_named_with_the_one_that_was_meant(
    parameters: dict[str, Any], path: str, meant: str
) -> None:
    told = message(put(parameters, path, 1))

    assert f"{path}: unknown key" in told
    assert f"Did you mean '{meant}'?" in told


def test_the_file_of_a_wrong_key_is_named(parameters: dict[str, Any]) -> None:
    told = message(put(parameters, "splitting.stratgy", "random"))

    assert "base/parameters_splitting.yml" in told


def test_a_misspelt_key_in_a_list_is_named_with_its_place(parameters: dict[str, Any]) -> None:
    rails = [{"metric": "log_loss", "max_incrase": 0.01}]
    told = message(put(parameters, "hypothesis.success_criteria.guardrails", rails))

    assert "guardrails.0.max_incrase: unknown key. Did you mean 'max_increase'?" in told


def test_several_mistakes_are_told_at_once(parameters: dict[str, Any]) -> None:
    wrong = put(put(parameters, "splitting.stratgy", 1), "tuning.trials", 0)

    assert message(wrong).startswith("2 parameters are wrong; nothing was run.")


def test_a_users_own_parameter_is_let_through_if_a_node_reads_it(
    parameters: dict[str, Any],
) -> None:
    mine = put(parameters, "my_threshold", 3)

    assert "my_threshold: unknown key, which no node reads" in message(mine)
    check_parameters(mine, ["my_threshold"], [BASE])


@pytest.mark.parametrize("key", ["task", "seed", "columns", "hypothesis", "splitting"])
def test_a_missing_block_is_named(parameters: dict[str, Any], key: str) -> None:
    assert f"{key}: this key is missing" in message(remove(parameters, key))


def test_a_hypothesis_without_a_primary_criterion_is_refused(parameters: dict[str, Any]) -> None:
    told = message(remove(parameters, "hypothesis.success_criteria.primary"))

    assert "hypothesis.success_criteria.primary: this key is missing" in told


def test_ratios_that_do_not_add_up_are_refused_with_their_sum(parameters: dict[str, Any]) -> None:
    told = message(put(parameters, "splitting.ratios.test", 0.25))

    assert "splitting.ratios" in told
    assert "1.1" in told


@pytest.mark.parametrize(
    ("path", "value", "allowed"),
    [
        ("hypothesis.success_criteria.primary.metric", "roc_acu", "roc_auc"),
        ("hypothesis.metrics_to_track", ["f11"], "f1"),
        ("tuning.metric", "logloss", "log_loss"),
        ("training.estimator", "lightgmb", "lightgbm"),
        ("training.baseline", "lineer", "linear"),
        ("data_versioning.backend", "dvcc", "dvc"),
        ("tuning.backend", "optuma", "optuna"),
        ("tuning.method", "baysian", "bayesian"),
        ("splitting.strategy", "stratfied", "stratified"),
        ("task", "clasification", "classification"),
    ],
)
def test_an_unknown_name_is_refused_with_those_that_are_known(
    parameters: dict[str, Any], path: str, value: object, allowed: str
) -> None:
    told = message(put(parameters, path, value))

    assert path.split(".", maxsplit=1)[0] in told
    assert allowed in told


def test_a_limit_in_the_wrong_direction_is_refused(parameters: dict[str, Any]) -> None:
    rails = [{"metric": "roc_auc", "max_increase": 0.01}]
    told = message(put(parameters, "hypothesis.success_criteria.guardrails", rails))

    assert "max_decrease" in told


def test_a_strategy_that_ignores_the_group_column_needs_a_reason(
    parameters: dict[str, Any],
) -> None:
    random = put(parameters, "splitting.strategy", "random")

    assert "override_reason" in message(random)
    check_parameters(put(random, "splitting.override_reason", "demonstration"), (), [BASE])


def test_a_search_space_with_an_unknown_hyperparameter_is_refused(
    parameters: dict[str, Any],
) -> None:
    told = message(
        put(
            parameters,
            "tuning.spaces.lightgbm",
            {"num_leave": {"type": "int", "low": 2, "high": 9}},
        )
    )

    assert "num_leaves" in told


# the three tasks


RANKING = {
    "task": "ranking",
    "columns.query": "traveller",
    "hypothesis.success_criteria": {"primary": {"metric": "mrr", "expected_improvement": 0.1}},
    "hypothesis.metrics_to_track": ["ndcg_at_7"],
}
REGRESSION = {
    "task": "regression",
    "hypothesis.success_criteria": {"primary": {"metric": "rmse", "expected_improvement": 0.1}},
    "hypothesis.metrics_to_track": ["mae"],
}


@pytest.fixture
def of_task(parameters: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """Parameters of a task, every metric of a later stage being the task's own."""

    def make(task: dict[str, Any], **changes: object) -> dict[str, Any]:
        wanted = {
            "tuning.metric": None,
            "training.early_stopping.metric": None,
            "training.metrics": [],
            **task,
            **{path.replace("__", "."): value for path, value in changes.items()},
        }
        changed = parameters
        for path, value in wanted.items():
            changed = put(changed, path, value)
        return changed

    return make


MakeParameters = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    "task", [RANKING, REGRESSION, {}], ids=["ranking", "regression", "classes"]
)
def test_each_task_can_be_configured(task: dict[str, Any], of_task: MakeParameters) -> None:
    configuration = check_parameters(of_task(task), (), [BASE])

    assert configuration.task == task.get("task", "classification")


def test_a_query_beside_another_task_does_no_harm(of_task: MakeParameters) -> None:
    check_parameters(of_task(REGRESSION, columns__query="session"), (), [BASE])


def test_ranking_without_a_query_is_told_what_a_query_is(of_task: MakeParameters) -> None:
    told = message(of_task(RANKING, columns__query=None))

    assert "columns.query: the task ranking needs it" in told
    assert "list each row is ranked in" in told


@pytest.mark.parametrize(
    ("path", "value", "allowed"),
    [
        ("tuning.metric", "log_loss", "rmse"),
        ("training.early_stopping.metric", "roc_auc", "rmse"),
        ("training.metrics", ["mae", "ndcg_at_5"], "rmse"),
        ("hypothesis.metrics_to_track", ["accuracy"], "rmse"),
        ("columns.positive", 1, "null"),
        ("training.class_weight", "balanced", "columns.weight"),
        ("training.calibration", "sigmoid", "none"),
        ("training.threshold", {"choose_by": "costs"}, "fixed"),
        ("training.threshold", {"value": 0.4}, "0.5"),
    ],
)
def test_what_a_task_has_no_use_for_is_refused_by_its_key(
    path: str, value: object, allowed: str, of_task: MakeParameters
) -> None:
    told = message(of_task(REGRESSION, **{path.replace(".", "__"): value}))

    assert told.startswith("One parameter is wrong")
    assert path.split(".", maxsplit=1)[0] in told
    assert "regression" in told
    assert allowed in told


def test_a_threshold_is_chosen_by_a_metric_that_depends_on_it(parameters: dict[str, Any]) -> None:
    chosen = put(parameters, "training.threshold", {"choose_by": "metric", "metric": "roc_auc"})

    assert "training.threshold.metric: 'roc_auc' does not depend on the threshold" in message(
        chosen
    )
    check_parameters(put(chosen, "training.threshold.metric", "recall"), (), [BASE])


@pytest.mark.parametrize(
    ("estimator", "module", "extra"),
    [
        ("xgboost", "xgboost", "xgboost"),
        ("skorch", "torch", "torch"),
        ("skorch", "skorch", "torch"),
    ],
)
@pytest.mark.parametrize("key", ["estimator", "baseline"])
def test_an_estimator_whose_package_is_missing_is_told_before_any_work(
    key: str,
    estimator: str,
    module: str,
    extra: str,
    parameters: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "experiment_cycle.contradictions.find_spec",
        lambda name: None if name == module else "found",
    )
    wanted = put(parameters, f"training.{key}", estimator)
    told = message(put(wanted, "tuning.method", "none"))

    assert f"training.{key}: the estimator {estimator} needs the package '{module}'" in told
    assert f'pip install "experiment-cycle[{extra}]"' in told


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("no_such_package.Model", "no_such_package"),
        ("sklearn.preprocessing.StandardScaler", "lacks predict"),
        ("sklearn.neighbors.KNeighborsClassifier", "takes no sample_weight"),
    ],
)
def test_a_custom_class_that_cannot_be_used_is_told_before_any_work(
    path: str, told: str, parameters: dict[str, Any]
) -> None:
    wanted = put(parameters, "training.baseline", "custom")
    wanted["training"]["estimators"]["custom"] = {"path": path}
    wanted["columns"]["weight"] = "importance"

    assert "training.estimators.custom" in message(wanted)
    assert told in message(wanted)


def test_of_two_files_with_the_block_the_one_with_the_key_is_named(
    parameters: dict[str, Any], tmp_path: Path
) -> None:
    written = {"base": "training: {threads: 0}", "test": "training: {seeds: 1}"}
    for name, content in written.items():
        (tmp_path / "conf" / name).mkdir(parents=True)
        (tmp_path / "conf" / name / "parameters.yml").write_text(content)
    folders = [tmp_path / "conf" / "test", tmp_path / "conf" / "base"]

    with pytest.raises(ConfigurationError) as caught:
        check_parameters(put(parameters, "training.threads", 0), (), folders)

    assert "conf/base/parameters.yml: training.threads" in caught.value.message


def test_a_transformer_of_ones_own_must_be_trusted_before_anything_is_trained(
    parameters: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_features.py").write_text(
        "class Ratio:\n    def fit(self, X, y=None): return self\n"
        "    def transform(self, X): return X\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    asked = put(parameters, "training.preprocessing.transformer", "my_features.Ratio")

    told = message(asked)

    assert "trusted_types: [my_features.Ratio]" in told
    check_parameters(
        put(asked, "training.preprocessing.trusted_types", ["my_features.Ratio"]), (), ()
    )


def test_a_single_value_in_place_of_a_list_is_told_as_that(parameters: dict[str, Any]) -> None:
    told = message(put(parameters, "training.metrics", "rmse"))

    assert "training.metrics: a list is meant, such as [rmse]." in told


def test_a_misspelt_word_of_several_is_told_with_the_likeliest(parameters: dict[str, Any]) -> None:
    told = message(put(parameters, "training.estimator", "lightgbmm"))

    assert "training.estimator: 'lightgbmm' is not allowed. Did you mean 'lightgbm'?" in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"visits": 1}, "no model reads 'visits', which columns.drop names"),
        ({"profile": {"add": 1}}, "no model reads 'profile', which columns.group names"),
        ({"lncoins": {"times": 2}}, "evaluation.behaviour.0.change.lncoins.times: unknown key."),
        ({"lncoins": {}}, "evaluation.behaviour.0.change.lncoins: a change is exactly one of set"),
    ],
)
def test_an_expectation_must_change_what_a_model_reads(
    parameters: dict[str, Any], change: dict[str, Any], told: str
) -> None:
    test = {"name": "it", "type": "invariance", "max_change": 0.1, "change": change}

    assert told in message(put(parameters, "evaluation.behaviour", [test]))


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        (
            "evaluation.slices.declared",
            {"old": {"age": {"abov": 65}}},
            "evaluation.slices.declared.old.age: 'abov' is no bound. Did you mean 'above'?",
        ),
        (
            "evaluation.slices.declared",
            {"old": {"age": {"above": [1]}}},
            "age: the bound above is [1], and must be a number, or a date in quotes",
        ),
        ("evaluation.slices.declared", {"old": {"age": {}}}, "age: give one of above, at_least"),
        ("evaluation.slices.declared", {"old": {"age": 65}}, "age: write a list of levels, such"),
        ("evaluation.slices.declared", {"old": {"age": [[1]]}}, "age: the level [1] is none"),
        (
            "tuning.spaces.lightgbm",
            {"num_leaves": [4, 8, 16]},
            "values to try are written {type: categorical, choices: [4, 8, 16]}",
        ),
        ("tuning.spaces.lightgbm", {"num_leaves": 4}, "one value alone belongs into training"),
        (
            "tuning.spaces.lightgbm",
            {"num_leaves": {"type": "int", "low": 2, "high": 9, "when": {"subsample": [1]}}},
            "yml: tuning.spaces.lightgbm.num_leaves.when: 'subsample' is not searched, so that "
            "nothing can depend on it. Known: none.",
        ),
        (
            "training.estimators.lightgbm.num_leaves",
            [4, 8],
            "write tuning.spaces.lightgbm.num_leaves: {type: categorical, choices: [4, 8]}",
        ),
        ("splitting.split_salt", 2, "splitting.split_salt: a text is meant, which is written in"),
        (
            "training.estimator",
            "custom",
            "tuning.spaces.custom: it is null, and nothing is known to derive it from, so that",
        ),
    ],
)
def test_what_a_first_user_writes_wrongly_is_told_as_it_is_written(
    parameters: dict[str, Any], key: str, value: Any, told: str
) -> None:
    said = message(put(parameters, key, value))

    assert told in said
    assert "function-after" not in said
    assert said.count("\n  ") == 1


def test_hyperband_is_not_begun_where_no_trial_would_be_stopped(
    parameters: dict[str, Any],
) -> None:
    most = parameters["training"]["estimators"]["lightgbm"]["n_estimators"]
    asked = put(parameters, "tuning.method", "hyperband")

    said = message(put(asked, "tuning.hyperband.min_resource", most))
    assert f"tuning.hyperband.min_resource: {most:,} is allowed only below the {most:,}" in said
    check_parameters(put(asked, "tuning.hyperband.min_resource", most - 1), (), [BASE])
