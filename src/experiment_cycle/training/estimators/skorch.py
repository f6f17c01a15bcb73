"""A neural network of PyTorch's, learned with AdamW through skorch. Both are the extra `torch`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import torch
from skorch import NeuralNet
from torch import nn
from torch.utils.data import Dataset

from experiment_cycle.live_metrics import Part
from experiment_cycle.problem import ProblemType
from experiment_cycle.training.estimators.contract import FitRequest, Fitted, Wants
from experiment_cycle.training.measuring import matrix_of
from experiment_cycle.training.network_choice import choose_network
from experiment_cycle.training.network_model import (
    NetworkClassifier,
    NetworkRegressor,
    as_batch,
    one_thread,
    probabilities,
    run,
)
from experiment_cycle.training.prepared import Floats, Prepared

PROBLEMS: frozenset[ProblemType] = frozenset({"binary", "multiclass", "regression", "ranking"})
UNIT: Literal["round", "epoch"] | None = "epoch"
WANTS = Wants(scaled=True, codes=False, gaps=False)

CRITERIA = {
    "binary": nn.BCEWithLogitsLoss,
    "multiclass": nn.CrossEntropyLoss,
    "regression": nn.MSELoss,
    # by the relevance of each row by itself
    "ranking": nn.MSELoss,
}


def steps(hyperparameters: dict[str, Any]) -> int | None:
    """Tell the most epochs."""
    return int(hyperparameters["epochs"])


def fit(request: FitRequest) -> Fitted:
    """Learn until validation stops improving; the model predicts as of its best epoch.

    On a CPU it runs on one thread, whatever was asked for, so that sums are taken in one order.
    Weights that are initialised, the order of rows and dropout come from (seed, epoch), so that a
    fit that goes on from a checkpoint ends as one that was never stopped.

    Raises:
        ConfigurationError: the module of the user's own cannot be used, or there is no such device.
    """
    watch, device = request.watch, request.hyperparameters["device"]
    with one_thread(), torch.random.fork_rng(devices=[0] if device == "cuda" else []):
        learning = _Learning(request)
        for epoch in range(watch.done + 1, request.hyperparameters["epochs"] + 1):
            learning.advance(epoch)
            values = {part: watch.measure(part, learning.predict(part)) for part in watch.parts}
            stop = watch.record(values)
            if watch.is_best:
                learning.mark_best()
            if stop:
                break
            watch.keep(learning.state)
        return Fitted(learning.model())


class _Learning:
    """A network that learns epoch by epoch, and the best it has been."""

    def __init__(self, request: FitRequest) -> None:
        given, prepared = request.hyperparameters, request.prepared
        self._request = request
        self._network = choose_network(given, prepared.train.shape[1], prepared.problem.outputs)
        self._target = _Target(prepared)
        self._rows = _Rows(prepared, self._target)
        self._net = _Net(
            module=self._network.kind,
            **{f"module__{name}": item for name, item in self._network.parameters.items()},
            criterion=CRITERIA[prepared.problem.type],
            criterion__reduction="none",
            optimizer=torch.optim.AdamW,
            lr=given["learning_rate"],
            optimizer__weight_decay=given["weight_decay"],
            iterator_train=_Batches,
            batch_size=given["batch_size"],
            train_split=None,
            callbacks="disable",
            verbose=0,
            device=given["device"],
        )
        self._seed(0)
        self._net.initialize()
        self._best: dict[str, torch.Tensor] = {}
        if request.watch.resumed is not None:
            self._take_up(request.watch.resumed.state)

    def advance(self, epoch: int) -> None:
        """Learn from all rows once."""
        self._seed(epoch)
        self._net.fit_loop(self._rows, epochs=1)
        # it would hold a record of every batch
        self._net.history.clear()

    def predict(self, part: Part) -> Floats:
        """Predict a part's rows, in the shape that `measure` takes."""
        prepared = self._request.prepared
        outputs = run(self._net.module_, matrix_of(prepared, part), self._net.device)
        if not prepared.problem.classes:
            return self._target.restored(outputs[:, 0])
        shares = probabilities(outputs)
        return shares[:, 1] if prepared.problem.type == "binary" else shares

    def mark_best(self) -> None:
        """Remember the network as it is."""
        learned = self._net.module_.state_dict()
        self._best = {name: tensor.detach().cpu().clone() for name, tensor in learned.items()}

    def state(self) -> bytes:
        """Write down what a fit goes on from; random numbers are drawn anew in each epoch."""
        buffer = io.BytesIO()
        kept = {
            "module": self._net.module_.state_dict(),
            "optimizer": self._net.optimizer_.state_dict(),
            "best": self._best,
        }
        torch.save(kept, buffer)
        return buffer.getvalue()

    def model(self) -> NetworkClassifier | NetworkRegressor:
        """Make the estimator that predicts as of the best epoch."""
        arrays = {name: tensor.numpy() for name, tensor in self._best.items()}
        problem, parameters = self._request.prepared.problem, self._network.parameters
        if problem.classes:
            classes = len(problem.classes)
            return NetworkClassifier(self._network.own, parameters, arrays, classes)
        target = self._target
        return NetworkRegressor(self._network.own, parameters, arrays, target.centre, target.spread)

    def _take_up(self, state: bytes) -> None:
        kept = torch.load(io.BytesIO(state), map_location=self._net.device, weights_only=True)
        self._net.module_.load_state_dict(kept["module"])
        self._net.optimizer_.load_state_dict(kept["optimizer"])
        self._best = {name: tensor.cpu() for name, tensor in kept["best"].items()}

    def _seed(self, epoch: int) -> None:
        drawn = np.random.SeedSequence([self._request.seed, epoch]).generate_state(1)
        torch.manual_seed(int(drawn[0]))


class _Target:
    """The target as it is learned: numbers are brought to mean 0 and standard deviation 1."""

    def __init__(self, prepared: Prepared) -> None:
        target = np.asarray(prepared.train_target, dtype=np.float64)
        numbers = not prepared.problem.classes
        self.centre = float(target.mean()) if numbers else 0.0
        self.spread = float(target.std()) if numbers else 1.0

    def restored(self, outputs: Floats) -> Floats:
        """Turn outputs into values of the target, shape (n,)."""
        return outputs * self.spread + self.centre


class _Rows(Dataset):  # type: ignore[misc]
    """The training rows, read in batches; sparse ones are made dense batch by batch."""

    def __init__(self, prepared: Prepared, target: _Target) -> None:
        self._matrix = prepared.train
        weight = prepared.train_weight
        if weight is None:
            weight = np.ones(len(prepared.train_target))
        # of mean 1, lest weights of another size act as another learning rate
        self._weight = torch.from_numpy((weight / weight.mean()).astype(np.float32))
        if prepared.problem.type == "multiclass":
            self._target = torch.from_numpy(prepared.train_target)
        else:
            learned = (prepared.train_target - target.centre) / target.spread
            self._target = torch.from_numpy(learned.astype(np.float32)[:, None])

    def __len__(self) -> int:
        return len(self._target)

    def __getitem__(self, rows: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        inputs = as_batch(self._matrix[rows.numpy()])
        return {"inputs": inputs, "weight": self._weight[rows]}, self._target[rows]


class _Batches:
    """Mini-batches of rows in an order drawn anew in each epoch."""

    def __init__(self, rows: _Rows, batch_size: int) -> None:
        self._rows = rows
        self._batch_size = batch_size

    def __iter__(self) -> Iterator[tuple[dict[str, torch.Tensor], torch.Tensor]]:
        for rows in torch.split(torch.randperm(len(self._rows)), self._batch_size):
            yield self._rows[rows]


class _Net(NeuralNet):  # type: ignore[misc]
    """skorch's loop, with weighted rows."""

    def infer(self, x: dict[str, torch.Tensor], **fit_params: Any) -> torch.Tensor:
        """Let the module predict a batch."""
        predicted: torch.Tensor = self.module_(x["inputs"].to(self.device))
        return predicted

    def get_loss(
        self,
        y_pred: torch.Tensor,
        y_true: torch.Tensor,
        X: dict[str, torch.Tensor] | None = None,
        training: bool = False,
    ) -> torch.Tensor:
        """Average the loss of a batch's rows by their weights."""
        losses: torch.Tensor = self.criterion_(y_pred, y_true.to(self.device))
        return losses if X is None else (losses.flatten() * X["weight"].to(self.device)).mean()
