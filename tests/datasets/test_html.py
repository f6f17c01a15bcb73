from __future__ import annotations

import inspect
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from kedro.io import DatasetError

from experiment_cycle.datasets.html import HTMLDataset, words_and_tables

PAGE = """<!doctype html>
<html><head><title>T</title><style>p { color: red }</style></head>
<body><nav><a href="#a">skip</a></nav>
<h1 class="x" onclick="go()">Größe &amp; <em>more</em></h1>
<figure><svg><text>drawn</text></svg><script>var a = "<p>no</p>";</script></figure>
<table><tr><td colspan="2" style="x">1 &lt; 2</td></tr></table>
<script>alert(1)</script></body></html>
"""


@pytest.fixture
def dataset(tmp_path: Path) -> HTMLDataset:
    return HTMLDataset(filepath=str(tmp_path / "new" / "report.html"), metadata={"a": 1})


def test_a_page_comes_back_as_it_was(dataset: HTMLDataset) -> None:
    assert not dataset.exists()
    dataset.save(PAGE)
    assert dataset.load() == PAGE
    assert dataset.exists()
    assert dataset.metadata == {"a": 1}


def test_a_failed_save_leaves_the_earlier_page_and_nothing_else(dataset: HTMLDataset) -> None:
    dataset.save(PAGE)
    with pytest.raises(DatasetError):
        dataset.save("lone surrogate \ud800")
    assert dataset.load() == PAGE
    assert [file.name for file in dataset._filepath.parent.iterdir()] == ["report.html"]


def test_the_preview_has_words_and_tables_and_nothing_that_runs(dataset: HTMLDataset) -> None:
    dataset.save(PAGE)
    assert dataset.preview() == (
        '<h1>Größe &amp; <em>more</em></h1> <table><tr><td colspan="2">1 &lt; 2</td></tr></table>'
    )


def test_kedro_viz_finds_the_kind_of_the_preview(dataset: HTMLDataset) -> None:
    kind: Any = inspect.signature(dataset.preview).return_annotation
    assert getattr(kind, "__name__", str(kind)) == "HTMLPreview"


@pytest.mark.parametrize(
    "text", ["data_version and code_version", "2 * 3 * 4", "`a` and `b`", "[x](javascript:1)"]
)
def test_the_preview_holds_no_markdown(text: str) -> None:
    assert not set("_*`") & set(words_and_tables(f"<p>{text}</p>"))
    assert "](" not in words_and_tables(f"<p>{text}</p>")


@pytest.mark.parametrize("page", ["", "<p>", "</p>", "<svg><p>a</svg><b>c", "a < b"])
def test_the_preview_of_a_broken_page_is_no_error(page: str) -> None:
    assert "<svg" not in words_and_tables(page)


@pytest.fixture
def artifacts(tmp_path: Path, migrated_store: Path) -> Iterator[Path]:
    """The folder in which an active MLflow run keeps its artifacts."""
    shutil.copy(migrated_store, tmp_path / "mlflow.db")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = mlflow.create_experiment("html", artifact_location=str(tmp_path / "artifacts"))
    with mlflow.start_run(experiment_id=experiment) as run:
        yield tmp_path / "artifacts" / run.info.run_id / "artifacts"
    mlflow.set_tracking_uri(before)


def test_the_page_is_an_artifact_of_the_run_and_keeps_its_preview(
    tmp_path: Path, artifacts: Path
) -> None:
    from kedro_mlflow.io.artifacts import MlflowArtifactDataset

    wrapped: Any = MlflowArtifactDataset(
        dataset={"type": HTMLDataset, "filepath": str(tmp_path / "report.html")},
        artifact_path="reporting",
        metadata={"kedro-viz": {"layer": "reporting"}},
    )
    wrapped.save(PAGE)
    assert (artifacts / "reporting" / "report.html").read_text(encoding="utf-8") == PAGE
    assert wrapped.load() == PAGE
    assert wrapped.preview().startswith("<h1>")
    assert wrapped.metadata == {"kedro-viz": {"layer": "reporting"}}
