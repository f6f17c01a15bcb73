from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from experiment_cycle.columns import ROW, Columns
from experiment_cycle.errors import DataError
from experiment_cycle.evaluation.cross_validation import CrossValidation, out_of_fold
from experiment_cycle.evaluation.records import IncumbentRecord
from experiment_cycle.splitting.folds import nested_fold_rows
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.tuning.options import TuningOptions

FOLDS, REPEATS = 3, 2
COLUMNS = Columns(target="y")
DUMMY = IncumbentRecord.model_validate(
    {
        "kind": "baseline",
        "identity": "b" * 64,
        "registered_model": "m",
        "problem": {"type": "binary", "classes": [0, 1]},
        "threshold": 0.5,
        "estimator": "dummy",
        "hyperparameters": {},
    }
)


def table(rows: int = 240) -> pd.DataFrame:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(rows, 3)), columns=["a", "b", "c"])
    frame["y"] = (frame["a"] + random.logistic(size=rows) > 0).astype(int)
    frame.index = pd.RangeIndex(rows, name=ROW)
    return frame


def folds_of(rows: int) -> pd.DataFrame:
    random = np.random.default_rng(1)
    drawn = {
        f"repeat_{repeat}": random.permutation(np.arange(rows) % FOLDS).astype(np.int16) + 1
        for repeat in range(1, REPEATS + 1)
    }
    return pd.DataFrame(drawn, index=pd.RangeIndex(rows, name=ROW))


@pytest.fixture
def asked(tmp_path) -> CrossValidation:
    rows = table()
    return CrossValidation(
        rows=rows,
        folds=folds_of(len(rows)),
        columns=COLUMNS,
        training=TrainingOptions.model_validate({"estimator": "linear"}),
        tuning=TuningOptions.model_validate({"method": "none"}),
        task="classification",
        seed=0,
        folder=tmp_path,
    )


def changed(asked: CrossValidation, **changes) -> CrossValidation:
    return CrossValidation(**{**asked.__dict__, **changes})


def test_every_row_is_predicted_once_a_repeat_by_a_model_of_the_other_folds(asked) -> None:
    found = asked.run(DUMMY)

    assert found.groupby("repeat").size().tolist() == [240, 240]
    assert found.groupby("repeat").apply(lambda part: part.index.is_unique).all()
    for repeat in (1, 2):
        for fold in (1, 2, 3):
            train, _, test = nested_fold_rows(asked.folds, repeat, fold, FOLDS)
            scale = StandardScaler().fit(asked.rows.loc[train, ["a", "b", "c"]])
            model = LogisticRegression(max_iter=1000).fit(
                scale.transform(asked.rows.loc[train, ["a", "b", "c"]]), asked.rows.loc[train, "y"]
            )
            expected = model.predict_proba(scale.transform(asked.rows.loc[test, ["a", "b", "c"]]))
            part = found[(found["repeat"] == repeat) & (found["fold"] == fold)]
            assert part.index.tolist() == np.flatnonzero(test).tolist()
            assert part["challenger"].to_numpy() == pytest.approx(expected[:, 1], abs=1e-6)
            share = asked.rows.loc[train, "y"].mean()
            assert part["incumbent"].to_numpy() == pytest.approx(share)
            assert (part["train_rows"] == train.sum()).all()


def test_what_a_fold_tests_does_not_influence_its_models(asked) -> None:
    before = asked.run(DUMMY)
    tests = nested_fold_rows(asked.folds, 1, 2, FOLDS)[2]
    turned = asked.rows.copy()
    turned.loc[tests, "y"] = 1 - turned.loc[tests, "y"]

    after = changed(asked, rows=turned).run(DUMMY)

    def part(found):
        return found[(found["repeat"] == 1) & (found["fold"] == 2)]

    assert part(after)["challenger"].equals(part(before)["challenger"])
    assert (part(after)["target"] != part(before)["target"]).all()
    others = (before["repeat"] == 1) & (before["fold"] != 2)
    assert (after[others]["challenger"] != before[others]["challenger"]).any()


def test_finished_folds_are_kept_and_not_done_again(asked) -> None:
    first = asked.run(DUMMY)
    files = sorted(asked.folder.glob("*/repeat_*.parquet"))
    assert len(files) == FOLDS * REPEATS
    files[0].unlink()
    times = {file: file.stat().st_mtime_ns for file in files[1:]}

    again = asked.run(DUMMY)

    pd.testing.assert_frame_equal(first, again)
    assert times == {file: file.stat().st_mtime_ns for file in files[1:]}


def test_hyperparameters_are_searched_for_inside_every_fold(asked) -> None:
    tuning = TuningOptions.model_validate({"method": "random", "trials": 2})
    searched = changed(asked, tuning=tuning)

    searched.run(DUMMY)

    # one study a fold and repeat, none for the baseline
    assert len(list((asked.folder / "studies").glob("*"))) >= FOLDS * REPEATS
    champion = DUMMY.model_copy(update={"kind": "champion", "version": 3, "estimator": "linear"})
    assert searched.procedures(DUMMY)["incumbent"].tuned is False
    assert searched.procedures(champion)["incumbent"].tuned is True
    assert asked.procedures(champion)["challenger"].tuned is False


def test_out_of_fold_predictions_are_those_of_the_first_repeat(asked) -> None:
    found = asked.run(DUMMY)

    pooled = out_of_fold(found)

    assert pooled.index.tolist() == list(range(240))
    assert list(pooled.columns) == ["unit", "target", "challenger", "incumbent"]
    first = found[found["repeat"] == 1].sort_index()
    assert pooled["challenger"].equals(first["challenger"])


def test_without_folds_there_is_nothing(asked) -> None:
    none = pd.DataFrame(index=asked.folds.index)

    assert changed(asked, folds=none).run(DUMMY).empty


def test_a_class_that_no_training_row_of_a_fold_has_is_told(asked) -> None:
    rows = asked.rows.assign(y=0)
    rows.loc[nested_fold_rows(asked.folds, 1, 1, FOLDS)[2], "y"] = 2
    rows.loc[0, "y"] = 1

    with pytest.raises(DataError, match=r"class.*Next step"):
        changed(asked, rows=rows).run(DUMMY)
