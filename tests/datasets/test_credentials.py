from __future__ import annotations

import pytest
from kedro.io import DataCatalog, DatasetError

from experiment_cycle.datasets.credentials import Credentials, CredentialsDataset

SECRET = "correct horse"


def dataset() -> CredentialsDataset:
    return CredentialsDataset(credentials={"lakefs": {"key": SECRET, "none": None}})


def test_a_node_reads_the_secrets_by_name() -> None:
    loaded = dataset().load()

    assert loaded["lakefs"]["key"] == SECRET
    assert dict(loaded["lakefs"]) == {"key": SECRET, "none": None}
    assert loaded.get("dvc") is None


def test_no_secret_is_shown() -> None:
    loaded = dataset().load()

    assert SECRET not in f"{loaded!r} {loaded} {loaded['lakefs']!r} {dataset()!r} {dataset()}"
    assert "lakefs=***" in repr(loaded)
    assert SECRET not in repr(Credentials({"key": SECRET}))


def test_the_catalog_looks_the_block_up_in_the_credentials() -> None:
    entry = {
        "type": "experiment_cycle.datasets.credentials.CredentialsDataset",
        "credentials": "data_versioning",
    }
    catalog = DataCatalog.from_config(
        {"secrets": entry}, {"data_versioning": {"dvc": {"password": SECRET}}}
    )

    assert catalog.load("secrets")["dvc"]["password"] == SECRET


def test_secrets_are_not_saved() -> None:
    with pytest.raises(DatasetError, match="not saved"):
        dataset().save({"key": SECRET})
