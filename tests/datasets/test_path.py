from __future__ import annotations

from pathlib import Path

import pytest
from kedro.io import DatasetError

from experiment_cycle.datasets.path import PathDataset


def test_loading_gives_the_absolute_path_and_makes_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    dataset = PathDataset(filepath="deep/down/study.log")

    path = dataset.load()

    assert path == tmp_path / "deep" / "down" / "study.log"
    assert path.parent.is_dir()
    assert not path.exists()


def test_existence_is_that_of_the_place_itself(tmp_path: Path) -> None:
    dataset = PathDataset(filepath=str(tmp_path / "study.log"))

    assert not dataset.exists()
    dataset.load().write_text("x")
    assert dataset.exists()


def test_saving_is_refused_with_the_next_step(tmp_path: Path) -> None:
    dataset = PathDataset(filepath=str(tmp_path / "study.log"))

    with pytest.raises(DatasetError, match=r"study\.log.*str cannot be saved.*Next step"):
        dataset.save("content")

    assert not dataset.exists()


def test_metadata_are_kept_and_kedro_viz_gets_no_preview(tmp_path: Path) -> None:
    metadata = {"kedro-viz": {"layer": "models"}}
    dataset = PathDataset(filepath=str(tmp_path), metadata=metadata)

    assert dataset.metadata == metadata
    assert not hasattr(dataset, "preview")
    assert str(tmp_path) in str(dataset)
