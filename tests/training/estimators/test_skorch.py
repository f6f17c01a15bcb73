from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from experiment_cycle.datasets.skops_model import TRUSTED_TYPES
from experiment_cycle.errors import ConfigurationError, IntegrityError, TrainingError
from experiment_cycle.training.identity import model_identity

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

NAME = "skorch"
GIVEN = {"epochs": 6, "batch_size": 64, "learning_rate": 0.01, "hidden_layers": [16]}
OWN = """
import torch

class Network(torch.nn.Module):
    def __init__(self, inputs, outputs, width=8):
        super().__init__()
        self.first = torch.nn.Linear(inputs, width)
        self.norm = torch.nn.BatchNorm1d(width)
        self.last = torch.nn.Linear(width, outputs)

    def forward(self, inputs):
        return self.last(torch.tanh(self.norm(self.first(inputs))))

class Flat(Network):
    def forward(self, inputs):
        return super().forward(inputs)[:, 0]

class Greedy(Network):
    def __init__(self, inputs, outputs):
        raise RuntimeError("no room")

class NoModule:
    def __init__(self, inputs, outputs):
        open("executed", "w").close()
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "own_networks.py").write_text(OWN)
    (tmp_path / "own_package.py").write_text("from own_networks import Network")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return {"epochs": 3, "module": "own_networks.Network", "batch_size": 64}


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "ranking"])
def test_a_killed_fit_goes_on_to_the_same_model(kind, make, fit, fit_stopped_at, tmp_path):
    prepared = make(kind, gaps=False, weighted=True)
    given = GIVEN | {"dropout": 0.3}
    expected, history = fit(NAME, prepared, given)
    # whatever else a process has drawn before
    torch.manual_seed(99)
    model, resumed = fit_stopped_at([1, 3, 5], tmp_path, 2, NAME, prepared, given)
    assert resumed == history
    assert model_identity(model.estimator) == model_identity(expected.estimator)


def test_sparse_inputs_are_learned_as_dense_ones_are(make, as_sparse, fit):
    prepared = make("binary", gaps=False)
    dense, history = fit(NAME, prepared, GIVEN)
    sparse, history_of_sparse = fit(NAME, as_sparse(prepared), GIVEN)
    assert history_of_sparse == history
    assert model_identity(sparse.estimator) == model_identity(dense.estimator)


def test_pytorch_is_left_as_it_was(make, fit):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.manual_seed(7)
    state = torch.get_rng_state()
    fit(NAME, make("binary", gaps=False), GIVEN | {"epochs": 1})
    assert torch.get_num_threads() == 2
    assert torch.equal(torch.get_rng_state(), state)
    torch.set_num_threads(before)


def test_a_weight_of_two_is_a_row_twice_to_the_loss():
    from experiment_cycle.training.estimators.skorch import CRITERIA, _Net

    net = _Net(torch.nn.Linear, criterion=CRITERIA["binary"], criterion__reduction="none")
    net.set_params(module__in_features=1, module__out_features=1).initialize()
    logits, target = torch.tensor([[0.3], [-2.0]]), torch.tensor([[1.0], [0.0]])
    weighted = net.get_loss(logits, target, X={"weight": torch.tensor([2.0, 1.0])})
    rows = [0, 0, 1]
    twice = torch.nn.BCEWithLogitsLoss(reduction="sum")(logits[rows], target[rows]) / 2
    assert weighted.item() == pytest.approx(twice.item())


def test_a_fit_that_diverges_is_stopped_with_the_epoch(make, fit):
    prepared = make("regression", gaps=False)
    # beyond what the network's numbers hold once they are added up
    huge = replace(prepared, train=prepared.train * 1e38)
    with pytest.raises(TrainingError, match=r"diverged: rmse on train is .* after step 1"):
        fit(NAME, huge, GIVEN)


def test_a_module_of_ones_own_learns_and_is_read_again_only_if_it_is_trusted(
    own, make, fit, stored
):
    prepared = make("multiclass", gaps=False)
    model, history = fit(NAME, prepared, own | {"module_parameters": {"width": 12}})
    assert history.steps == 3
    assert model.estimator.arrays["first.weight"].shape == (12, 5)
    with pytest.raises(UntrustedTypesFoundException, match=r"own_networks\.Network"):
        stored(model.estimator)
    read = stored(model.estimator, ("own_networks.Network",))
    rows = prepared.validation
    assert read.predict_proba(rows).tolist() == model.estimator.predict_proba(rows).tolist()


def test_a_file_cannot_have_another_class_called(own, make, fit, tmp_path):
    import own_networks

    model, _ = fit(NAME, make("binary", gaps=False), GIVEN | {"epochs": 1})
    model.estimator.module = own_networks.NoModule
    trusted = [*TRUSTED_TYPES, "own_networks.NoModule"]
    read = skops.io.loads(skops.io.dumps(model.estimator), trusted=trusted)
    with pytest.raises(IntegrityError, match=r"no torch\.nn\.Module; nothing of it was run"):
        read.predict_proba(np.zeros((1, 5)))
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"module": "own_networks.Nothing"}, "cannot be imported: AttributeError"),
        ({"module": "no_such_package.Network"}, "cannot be imported: ModuleNotFoundError"),
        ({"module": "own_networks.torch"}, "is no class"),
        ({"module": "own_networks.NoModule"}, "is no torch.nn.Module"),
        ({"module": "own_package.Network"}, "is defined as 'own_networks.Network'"),
        ({"module_parameters": {"widht": 3}}, "Did you mean 'width'"),
        ({"module": "own_networks.Flat"}, r"shape \(3,\) for 3 rows, where \(3, 3\) is needed"),
        ({"module": "own_networks.Greedy"}, "cannot predict 3 rows of 5 inputs.*no room"),
        ({"module": None, "device": "mps"}, "finds no such device here. Found: cpu"),
    ],
)
def test_what_is_wrong_with_ones_own_module_is_told(given, message, own, make, fit):
    if given.get("device") == "mps" and torch.mps.is_available():
        pytest.skip("there is one")
    with pytest.raises(ConfigurationError, match=message):
        fit(NAME, make("multiclass", gaps=False), own | given)
