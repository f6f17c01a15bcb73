"""Leaks in code that users add, found without any knowledge of that code."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

MakeProject = Callable[..., Path]
Audit = Callable[..., Any]

pytestmark = pytest.mark.slow
FEW = "--shuffles=0"
"""For what no shuffled label would show."""


def noise(rows: int = 300, columns: int = 6, seed: int = 0) -> pd.DataFrame:
    """A table whose target, `y`, has nothing to do with the rest."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        random.normal(size=(rows, columns)), columns=[f"x{place}" for place in range(columns)]
    )
    return frame.assign(y=random.permutation(np.arange(rows) % 2))


def preparation(body: str) -> str:
    """Write a pipeline of one node, `prepare`, that makes `raw_data` of `table`."""
    return (
        "import numpy as np\nimport pandas as pd\nfrom kedro.pipeline import Node, Pipeline\n\n\n"
        "def prepare(table):\n"
        + textwrap.indent(textwrap.dedent(body), "    ")
        + "\n\n\ndef create_pipeline(**_):\n"
        '    return Pipeline([Node(prepare, "table", "raw_data", name="prepare")],'
        ' tags="data_preparation")\n'
    )


SCALER = """
    from sklearn.preprocessing import StandardScaler
    names = [name for name in table if name != "y"]
    return table.assign(**dict(zip(names, StandardScaler().fit_transform(table[names]).T)))
"""
BY_HAND = """
    names = [name for name in table if name != "y"]
    return table.assign(**(table[names] - table[names].mean()) / table[names].std())
"""
SELECTION = """
    from sklearn.feature_selection import SelectKBest
    features = table.drop(columns="y")
    kept = SelectKBest(k=25).fit(features, table["y"]).get_support()
    return features.loc[:, kept].assign(y=table["y"])
"""
ENCODING = """
    return table.assign(place=table["place"].map(table.groupby("place")["y"].mean()))
"""
CLEAN = """
    table = table.assign(ratio=np.exp(table["x0"].clip(-5, 5)), both=table["x1"] * table["x2"])
    return table.drop(columns="x3")
"""


def test_a_scaler_fitted_on_all_rows_is_found_twice(
    make_project: MakeProject, audit: Audit
) -> None:
    found = audit(make_project(noise(), {"data_preparation": preparation(SCALER)}), FEW)

    assert found.exit_code == 1
    perturbed, fitted = found.finding("LEAK018"), found.finding("LEAK017")
    assert perturbed["status"] == fitted["status"] == "failed"
    assert "'raw_data'" in perturbed["message"]
    assert "node 'prepare'" in perturbed["message"]
    assert set(perturbed["columns"]) == {f"x{place}" for place in range(6)}
    assert "StandardScaler was fitted on 45 test rows" in fitted["message"]
    assert "'prepare'" in fitted["message"]


def test_scaling_by_hand_is_found_by_the_perturbation_alone(
    make_project: MakeProject, audit: Audit
) -> None:
    found = audit(make_project(noise(), {"data_preparation": preparation(BY_HAND)}), FEW)

    assert found.exit_code == 1
    assert found.finding("LEAK018")["status"] == "failed"
    assert found.finding("LEAK017")["status"] == "passed"


def test_selection_on_all_rows_is_found_three_times(
    make_project: MakeProject, audit: Audit
) -> None:
    project = make_project(noise(200, 600), {"data_preparation": preparation(SELECTION)})

    found = audit(project)

    assert found.exit_code == 1
    for code in ("LEAK017", "LEAK018", "LEAK019"):
        assert found.finding(code)["status"] == "failed", code
    assert found.finding("LEAK019")["evidence"]["mean_score"]["challenger"] > 0.6


def test_encoding_by_the_target_of_all_rows_is_found_twice(
    make_project: MakeProject, audit: Audit
) -> None:
    random = np.random.default_rng(1)
    table = noise(600).assign(place=random.integers(0, 200, 600).astype(str))

    found = audit(make_project(table, {"data_preparation": preparation(ENCODING)}))

    assert found.exit_code == 1
    assert found.finding("LEAK018")["status"] == "failed"
    assert "place" in found.finding("LEAK018")["columns"]
    assert found.finding("LEAK019")["status"] == "failed"


def test_nodes_that_treat_each_row_by_itself_raise_no_alarm(
    make_project: MakeProject, audit: Audit
) -> None:
    found = audit(make_project(noise(), {"data_preparation": preparation(CLEAN)}))

    for code in ("LEAK016", "LEAK017", "LEAK018", "LEAK019"):
        assert found.finding(code)["status"] == "passed", found.finding(code)
    assert found.report["not_run"] == {}
    assert found.report["split_problems"] == []
    assert found.finding("LEAK018")["evidence"]["tables"] == {"table": "place"}


OVERSAMPLING = """
    from sklearn.base import BaseEstimator

    class Oversampler(BaseEstimator):
        def fit_resample(self, X, y):
            rare = X[y == 1]
            more = rare.iloc[np.random.default_rng(0).integers(0, len(rare), len(X) // 2)]
            return pd.concat([X, more], ignore_index=True)

    return Oversampler().fit_resample(table, table["y"])
"""


def test_oversampling_before_the_split_is_witnessed(
    make_project: MakeProject, audit: Audit
) -> None:
    table = noise().assign(y=lambda frame: (np.arange(len(frame)) % 4 == 0).astype(int))

    found = audit(make_project(table, {"data_preparation": preparation(OVERSAMPLING)}), FEW)

    assert found.exit_code == 1
    fitted = found.finding("LEAK017")
    assert fitted["status"] == "failed"
    assert "Oversampler" in fitted["message"]
    assert found.finding("LEAK018")["evidence"]["tables_not_traced"] == ["table"]
    assert "'table'" in found.finding("LEAK018")["message"]


def test_oversampling_is_seen_by_the_perturbation_where_rows_have_a_name(
    make_project: MakeProject, audit: Audit
) -> None:
    table = noise().assign(
        y=lambda frame: (np.arange(len(frame)) % 4 == 0).astype(int),
        number=lambda frame: np.arange(len(frame)),
    )
    columns = {
        "columns": {
            "target": "y",
            "identifier": "number",
            "group": None,
            "sensitive": [],
            "drop": [],
        }
    }
    body = """
        rare = table[table["y"] == 1]
        more = rare.iloc[np.random.default_rng(0).integers(0, len(rare), len(table) // 2)]
        return pd.concat([table, more], ignore_index=True)
    """
    project = make_project(table, {"data_preparation": preparation(body)}, columns)

    found = audit(project, FEW)

    assert found.exit_code == 1
    assert found.finding("LEAK018")["status"] == "failed"
    assert found.finding("LEAK018")["evidence"]["tables"] == {"table": "number"}


PEEK = """
import pandas as pd
from kedro.pipeline import Node, Pipeline

from .nodes import train_baseline, train_challenger


def peek(best_hyperparameters):
    test = pd.read_parquet("data/05_model_input/test.parquet")
    return {**best_hyperparameters, "C": float(test["x0"].abs().mean())}


def create_pipeline(**_):
    data = ["train", "validation"]
    options = [f"params:{name}" for name in ("columns", "training", "task", "seed")]
    options.append("checkpoints_folder")
    made = ["challenger", "seed_models", "challenger_fit", "training_history", "validation_report"]
    return Pipeline(
        [
            Node(peek, "best_hyperparameters", "own_hyperparameters", name="peek"),
            Node(train_challenger, [*data, "own_hyperparameters", *options], made,
                 name="train_challenger"),
            Node(train_baseline, [*data, *options], ["baseline", "baseline_fit"],
                 name="train_baseline"),
        ],
        tags="training",
    )
"""


def test_a_node_that_peeks_at_the_test_file_is_found(
    make_project: MakeProject, audit: Audit
) -> None:
    found = audit(make_project(noise(), {"training": PEEK}), FEW)

    assert found.exit_code == 1
    perturbed = found.finding("LEAK018")
    assert perturbed["status"] == "failed"
    assert "node 'peek'" in perturbed["message"]
    assert "own_hyperparameters" in perturbed["message"]
    assert perturbed["columns"] == ["C"]


FILTER = """
    return table[table["x0"] > -1].reset_index(drop=True)
"""


@pytest.mark.parametrize("key", ["identifier", "group"])
def test_rows_that_a_filter_drops_are_followed_by_their_key(
    make_project: MakeProject, audit: Audit, key: str
) -> None:
    table = noise(600).assign(name=lambda frame: np.arange(len(frame)) // (1 + (key == "group")))
    columns = {"target": "y", "group": None, "sensitive": [], "drop": [], key: "name"}
    splitting = {"strategy": "group" if key == "group" else "random", "override_reason": None}
    project = make_project(
        table,
        {"data_preparation": preparation(FILTER)},
        {"columns": columns, "splitting": splitting},
    )

    found = audit(project, *([FEW] if key == "group" else []))

    perturbed = found.finding("LEAK018")
    assert perturbed["status"] == "passed", perturbed
    assert perturbed["evidence"]["tables"] == {"table": "name"}
    assert perturbed["evidence"]["test_rows"] > 60
    if key == "identifier":
        assert "were not tried" in found.finding("LEAK019")["message"]
    else:
        assert "--shuffles=0" in found.report["not_run"]["LEAK019"]


THREE_CLASSES = {
    "success_criteria": {
        "primary": {"metric": "roc_auc_ovr", "min_improvement": 0.0, "expected_improvement": 0.1},
        "guardrails": [],
    },
    "metrics_to_track": [],
}
RANKING = {
    "success_criteria": {
        "primary": {"metric": "ndcg", "min_improvement": 0.0, "expected_improvement": 0.1},
        "guardrails": [],
    },
    "metrics_to_track": [],
}


def queries(seed: int) -> pd.DataFrame:
    """120 queries of 2 to 6 rows; the relevance has nothing to do with the rest."""
    random = np.random.default_rng(seed)
    query = np.repeat(np.arange(120), random.integers(2, 7, 120))
    table = noise(len(query), 3, seed).assign(query=query)
    relevance = np.clip(2 - table.groupby("query").cumcount(), 0, 2)
    # in any order within a query
    return table.assign(y=relevance).sample(frac=1, random_state=seed).sort_values("query")


def as_task(task: str, strategy: str, **columns: str) -> dict[str, Any]:
    """Parameters of a task whose challenger is LightGBM."""
    roles = {"target": "y", "group": None, "sensitive": [], "drop": [], **columns}
    few = {"estimators": {"lightgbm": {"n_estimators": 15}}, "early_stopping": {"patience": 5}}
    return {
        "task": task,
        "columns": roles,
        "splitting": {"strategy": strategy, "override_reason": None},
        "training": {"estimator": "lightgbm", "baseline": "linear", "metrics": [], **few},
    }


def test_items_encoded_by_the_relevances_of_all_queries_are_found(
    make_project: MakeProject, audit: Audit
) -> None:
    table = queries(1).assign(place=np.random.default_rng(1).integers(0, 150, len(queries(1))))
    project = make_project(
        table,
        {"data_preparation": preparation(ENCODING)},
        as_task("ranking", "random", query="query") | {"hypothesis": RANKING},
    )

    found = audit(project)

    assert found.exit_code == 1
    shuffled = found.finding("LEAK019")
    assert shuffled["status"] == "failed"
    assert shuffled["evidence"]["metric"] == "NDCG"
    assert shuffled["evidence"]["shuffles"] == 20
    assert found.finding("LEAK018")["status"] == "failed"
    assert "place" in found.finding("LEAK018")["columns"]


def test_clean_nodes_and_three_classes_raise_no_alarm(
    make_project: MakeProject, audit: Audit
) -> None:
    names = np.array(["red", "green", "blue"])
    table = noise().assign(y=lambda frame: names[np.arange(len(frame)) % 3])
    project = make_project(
        table,
        {"data_preparation": preparation(CLEAN)},
        as_task("classification", "stratified", positive=None) | {"hypothesis": THREE_CLASSES},
    )

    found = audit(project)

    for code in ("LEAK016", "LEAK017", "LEAK018", "LEAK019"):
        assert found.finding(code)["status"] == "passed", found.finding(code)
    fitted = {each["estimator"]: each for each in found.finding("LEAK017")["evidence"]["fitted"]}
    assert fitted["lightgbm.Booster"]["rows"]["train"] > 0
    assert fitted["lightgbm.Booster"]["rows"]["test"] == 0
    assert set(found.finding("LEAK019")["evidence"]["mean_score"]) == {"challenger", "baseline"}


def test_raw_data_of_pandas_types_survive_the_corruption(
    make_project: MakeProject, audit: Audit
) -> None:
    random = np.random.default_rng(3)
    table = noise(400).assign(
        text=random.choice(["a", "b", "c"], 400),
        level=pd.Categorical(random.choice(["u", "v"], 400)),
        flag=random.random(400) < 0.5,
        gaps=pd.array(np.where(random.random(400) < 0.1, None, 3), dtype="Int64"),
        day=pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 300, 400), unit="D"),
    )

    found = audit(make_project(table, {}), FEW)

    assert found.finding("LEAK018")["status"] == "passed", found.finding("LEAK018")
    assert found.finding("LEAK018")["evidence"]["corruption"] == "far"
