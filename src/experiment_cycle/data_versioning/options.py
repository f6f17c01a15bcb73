"""Options of the stage data_versioning."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field, field_validator

from experiment_cycle.options import Options

LATEST = "latest"


class DvcOptions(Options):
    """Where DVC keeps the data, and whether they travel to a remote."""

    file: str = Field(
        default="data/02_intermediate/dataset.parquet",
        description="the snapshot's path in the project; its pointer, a .dvc file, lies beside it",
    )
    remote: str | None = Field(
        default=None, description="name in .dvc/config, or an address (folder, s3://, ...)"
    )
    push: bool = Field(default=False, description="copy each new version to the remote")
    pull: bool = Field(default=True, description="fetch a version the cache lacks from the remote")


class DeltaOptions(Options):
    """Where the Delta table lies whose versions are the dataset's."""

    location: str = Field(
        default="data/02_intermediate/dataset_delta",
        description="a folder of the project, or an address (s3://, gs://, az://, ...)",
    )


class LakefsOptions(Options):
    """Which object of which lakeFS branch is the dataset."""

    endpoint: str | None = Field(default=None, description="address of the server, without /api")
    repository: str | None = Field(default=None, description="name of an existing repository")
    branch: str = Field(default="main", description="branch whose commits are the versions")
    path: str = Field(default="dataset.parquet", description="the object's path in the repository")


class BackendBlocks(Options):
    """One block for each backend; only the chosen one counts. A stranger's may be added."""

    model_config = ConfigDict(frozen=True, extra="allow")

    dvc: DvcOptions = DvcOptions()
    delta: DeltaOptions = DeltaOptions()
    lakefs: LakefsOptions = LakefsOptions()


class DataVersioningOptions(Options):
    """How the data are versioned and described."""

    backend: str = Field(default="dvc", description="name of an installed versioning backend")
    version: str = Field(
        default=LATEST,
        min_length=1,
        description="latest: take raw_data as they are; else id or tag of the version to use",
    )
    tag: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z][A-Za-z0-9._-]*$",
        description="a name for the version this run uses",
    )
    top_values: int = Field(
        default=10, ge=1, le=100, description="most frequent values of a column to keep"
    )
    backends: BackendBlocks = BackendBlocks()

    @field_validator("version", mode="before")
    @classmethod
    def _is_text(cls, version: Any) -> Any:
        # YAML takes an id of digits for a number; one such as 72e4846 cannot be told from its value
        if isinstance(version, int) and not isinstance(version, bool):
            return str(version)
        if isinstance(version, float):
            raise ValueError(
                "YAML took this id for a number: write it in quotes, such as '72e4846'"
            )
        return version

    @field_validator("tag")
    @classmethod
    def _is_not_reserved(cls, tag: str | None) -> str | None:
        if tag == LATEST:
            raise ValueError(f"'{LATEST}' means the newest version, and cannot name another one")
        return tag

    @property
    def pinned(self) -> bool:
        """Tell whether the run uses a kept version instead of the raw data."""
        return self.version != LATEST

    def block(self, backend: str) -> Any:
        """Give the options of one backend: typed for ours, a plain dict for a stranger's."""
        return getattr(self.backends, backend, {})
