from __future__ import annotations

import importlib.metadata

import pytest

from experiment_cycle.backends import check_backend, known_backends, load_backend
from experiment_cycle.errors import BackendError


def test_every_backend_of_ours_is_known_and_can_be_loaded() -> None:
    assert known_backends("versioners") == ["delta", "dvc", "lakefs"]
    for family in ("versioners", "tuners"):
        for name in known_backends(family):
            check_backend(family, name)
            assert isinstance(load_backend(family, name), type)


def test_an_unknown_backend_is_told_with_the_known_ones() -> None:
    with pytest.raises(BackendError, match=r"no backend 'dleta'. Did you mean 'delta'\?"):
        check_backend("versioners", "dleta")


def test_a_backend_whose_package_is_missing_is_told_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = importlib.metadata.version

    def version(name: str) -> str:
        if name == "deltalake":
            raise importlib.metadata.PackageNotFoundError(name)
        return found(name)

    monkeypatch.setattr("experiment_cycle.backends.version", version)

    with pytest.raises(BackendError, match=r'pip install "experiment-cycle\[delta\]"'):
        check_backend("versioners", "delta")
    check_backend("versioners", "dvc")
