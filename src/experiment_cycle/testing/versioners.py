"""What every versioning backend must do, as tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from experiment_cycle.data_versioning.content_hash import content_hash
from experiment_cycle.data_versioning.contract import Versioner
from experiment_cycle.data_versioning.records import DatasetVersion
from experiment_cycle.data_versioning.versioning import Versions
from experiment_cycle.datasets.snapshot import SnapshotDataset
from experiment_cycle.errors import DataError, IntegrityError

FIRST = pd.DataFrame(
    {
        "row": range(2000),
        "text": ["a", None, "ü", ""] * 500,
        "level": pd.Categorical(["low", "high"] * 1000, categories=["low", "high"], ordered=True),
        "number": [0.5, float("nan"), -0.0, 1e300] * 500,
        "truth": [True, False] * 1000,
        "when": pd.date_range("2024-02-28 23:59:59.123456", periods=2000, freq="h"),
        "zoned": pd.date_range("2024-03-30", periods=2000, freq="h", tz="Europe/Berlin"),
    }
)
SECOND = FIRST.assign(number=1.5)
THIRD = FIRST.head(1500)

MakeVersioner = Callable[[], Versioner]


class VersionerContract:
    """Subclass it, and override `make_versioner`."""

    @pytest.fixture
    def make_versioner(self, tmp_path: Path) -> MakeVersioner:
        """Make versioners of one and the same empty store; the project's folder is `tmp_path`."""
        raise NotImplementedError

    @pytest.fixture
    def versions(self, make_versioner: MakeVersioner) -> Versions:
        """The versions of an empty store."""
        return Versions(make_versioner())

    @pytest.fixture
    def commit(self, versions: Versions, tmp_path: Path) -> Callable[..., DatasetVersion]:
        """Write a frame to the project's snapshot, and commit it."""
        file = tmp_path / "data" / "02_intermediate" / "dataset.parquet"
        dataset = SnapshotDataset(filepath=str(file))

        def write_and_commit(frame: pd.DataFrame, tag: str | None = None) -> DatasetVersion:
            dataset.save(frame)
            snapshot = dataset.load()
            metadata = {"hypothesis": "H001"}
            return versions.commit(snapshot, content_hash(snapshot), metadata, tag)

        return write_and_commit

    def test_nothing_is_listed_before_the_first_commit(self, versions: Versions) -> None:
        """An empty store has no versions, and says what to do."""
        assert list(versions.log()) == []
        with pytest.raises(DataError, match="none was committed yet"):
            versions.find("latest")

    def test_a_commit_is_listed_with_all_that_is_known_of_it(
        self, versions: Versions, commit: Callable[..., DatasetVersion]
    ) -> None:
        """The list has the version as it was returned, when it was made, and what was noted."""
        before = datetime.now(UTC) - timedelta(seconds=2)
        version = commit(FIRST)

        (entry,) = versions.log()
        assert entry.version == version
        assert (version.rows, version.columns) == FIRST.shape
        assert list(version.column_hashes) == list(FIRST.columns)
        assert version.size_bytes > 0
        assert before <= entry.created <= datetime.now(UTC) + timedelta(seconds=2)
        assert entry.metadata["hypothesis"] == "H001"
        assert entry.tags == ()

    def test_every_version_comes_back_as_it_went_in(
        self,
        versions: Versions,
        make_versioner: MakeVersioner,
        commit: Callable[..., DatasetVersion],
        tmp_path: Path,
    ) -> None:
        """Rows, their order, columns and dtypes are the same; also for one who comes later."""
        frames = (FIRST, SECOND, THIRD)
        made = [commit(frame) for frame in frames]

        later = Versions(make_versioner())
        assert [each.version for each in later.log()] == made
        for number, (version, frame) in enumerate(zip(made, frames, strict=True)):
            later.verify(version)
            file = tmp_path / "out" / f"{number}.parquet"
            back = later.checkout(version, file).to_pandas()
            pd.testing.assert_frame_equal(back.reset_index(drop=True), frame)
            assert content_hash(versions.checkout(version, file)).digest == version.content_hash

    def test_unchanged_content_makes_no_new_version(
        self, versions: Versions, commit: Callable[..., DatasetVersion]
    ) -> None:
        """Not even if it is stored in another way, or other content came between."""
        first = commit(FIRST)
        commit(SECOND)

        assert commit(FIRST.astype({"row": "int16", "text": "category"})) == first
        assert len(versions.log()) == 2  # noqa: PLR2004

    def test_a_version_is_found_by_any_of_its_names(
        self, versions: Versions, commit: Callable[..., DatasetVersion]
    ) -> None:
        """Id, tag, content hash or its beginning; `latest` is the newest one."""
        first, second = commit(FIRST, "before-reform"), commit(SECOND)

        for name in (first.id, "before-reform", first.content_hash, first.content_hash[:8]):
            assert versions.find(name).version == first
        assert versions.find("latest").version == second
        assert versions.find(first.id).tags == ("before-reform",)

    def test_a_tag_is_given_once(
        self, versions: Versions, commit: Callable[..., DatasetVersion]
    ) -> None:
        """To one version, also to one that is there already; another content does not get it."""
        first = commit(FIRST)
        assert commit(FIRST, "v1") == first
        assert commit(FIRST, "v1") == first
        assert commit(FIRST, "v1.final") == first

        with pytest.raises(DataError, match=r"tag 'v1'.*borne by"):
            commit(SECOND, "v1")
        (entry,) = versions.log()
        assert set(entry.tags) == {"v1", "v1.final"}

    def test_an_unknown_version_is_told_with_the_nearest_ones(
        self, versions: Versions, commit: Callable[..., DatasetVersion]
    ) -> None:
        """The user sees what could have been meant."""
        version = commit(FIRST, "before-reform")

        with pytest.raises(DataError, match=r"before-refrom.*not known") as told:
            versions.find("before-refrom")
        assert version.id in told.value.message
        assert "before-reform" in told.value.message

    def test_other_content_than_recorded_is_refused_and_its_columns_named(
        self, versions: Versions, commit: Callable[..., DatasetVersion], tmp_path: Path
    ) -> None:
        """Whatever a backend hands out is compared with the record; nothing is written."""
        first, second = commit(FIRST), commit(SECOND)
        forged = second.model_copy(
            update={"content_hash": first.content_hash, "column_hashes": first.column_hashes}
        )

        with pytest.raises(IntegrityError, match="column changed: 'number'"):
            versions.checkout(forged, tmp_path / "out.parquet")
        assert not (tmp_path / "out.parquet").exists()

    def test_a_checkout_changes_neither_the_snapshot_nor_the_list(
        self, versions: Versions, commit: Callable[..., DatasetVersion], tmp_path: Path
    ) -> None:
        """An old version can be looked at while a new one is worked with."""
        first = commit(FIRST)
        commit(SECOND)
        snapshot = tmp_path / "data" / "02_intermediate" / "dataset.parquet"
        listed, held = list(versions.log()), snapshot.read_bytes()

        versions.checkout(first, tmp_path / "elsewhere" / "old.parquet")

        assert list(versions.log()) == listed
        assert snapshot.read_bytes() == held

    def test_a_table_without_missing_values_or_with_nothing_else_comes_back(
        self, versions: Versions, commit: Callable[..., DatasetVersion], tmp_path: Path
    ) -> None:
        """One row, one column, all missing: nothing is too small."""
        frames = (
            pd.DataFrame({"x": [1]}),
            pd.DataFrame({"x": [1, 2], "none": [None, None]}),
            pd.DataFrame({"odd \"name'; --": ["x"], "ünï": [1.5]}),
        )
        for number, frame in enumerate(frames):
            back = versions.checkout(commit(frame), tmp_path / f"{number}.parquet").to_pandas()
            pd.testing.assert_frame_equal(back.reset_index(drop=True), frame)
