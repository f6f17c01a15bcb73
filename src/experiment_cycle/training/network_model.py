"""A PyTorch network with the face of a scikit-learn estimator, stored as arrays.

What is trusted when a stored one is read: the arrays are data. A network of ours is made by this
package. A module of the user's own is in the file as a class, which skops does not even import
unless the path of that class is in the list of trusted types handed to it, and which is called when
something is predicted. A file cannot add to that list: it comes from the configuration
(`training.estimators.skorch.module`), or from a record that was made from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin, RegressorMixin

from experiment_cycle.backends import DISTRIBUTION
from experiment_cycle.errors import BackendError, IntegrityError
from experiment_cycle.training.learned_elsewhere import LearnedElsewhere

Floats = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[Any]]

ROWS = 512
"""Rows predicted at once: always so many, lest the last digits depend on how many there are."""


class _NetworkModel(LearnedElsewhere):
    """Holds what a network has learned, as arrays, and how to make one like it."""

    def __init__(self, module: type | None, parameters: dict[str, Any], arrays: Arrays) -> None:
        """Take a network.

        Args:
            module: Class of the user's own; None: `TabularNetwork`.
            parameters: What its constructor takes, `inputs` and `outputs` included.
            arrays: Its `state_dict`.
        """
        self.module = module
        self.parameters = parameters
        self.arrays = arrays
        self.n_features_in_ = int(parameters["inputs"])

    def _outputs(self, rows: Any) -> Floats:
        """Run the network, shape (n, outputs)."""
        loaded = getattr(self, "_loaded", None)
        if loaded is None:
            loaded = self._loaded = _load(self.module, self.parameters, self.arrays)
        return run(loaded, rows)


class NetworkClassifier(ClassifierMixin, _NetworkModel):  # type: ignore[misc]
    """Predicts the codes 0 to classes - 1."""

    def __init__(
        self, module: type | None, parameters: dict[str, Any], arrays: Arrays, classes: int
    ) -> None:
        """Take a network whose outputs are logits; see `_NetworkModel`."""
        super().__init__(module, parameters, arrays)
        self.classes = classes
        self.classes_ = np.arange(classes)

    def predict_proba(self, rows: Any) -> Floats:
        """Predict the probability of each class, shape (n, classes)."""
        return probabilities(self._outputs(rows))

    def predict(self, rows: Any) -> npt.NDArray[np.int64]:
        """Predict the likeliest class, shape (n,)."""
        return np.asarray(self.predict_proba(rows).argmax(axis=1), dtype=np.int64)


class NetworkRegressor(RegressorMixin, _NetworkModel):  # type: ignore[misc]
    """Predicts a number: a value, or a score to rank by."""

    def __init__(
        self,
        module: type | None,
        parameters: dict[str, Any],
        arrays: Arrays,
        centre: float,
        spread: float,
    ) -> None:
        """Take a network that learned (target - centre) / spread; see `_NetworkModel`."""
        super().__init__(module, parameters, arrays)
        self.centre = centre
        self.spread = spread

    def predict(self, rows: Any) -> Floats:
        """Predict a number for each row, shape (n,)."""
        return self._outputs(rows)[:, 0] * self.spread + self.centre


def probabilities(logits: Floats) -> Floats:
    """Turn (n, 1) or (n, classes) logits into probabilities of each class, (n, classes)."""
    if logits.shape[1] == 1:
        return np.column_stack([expit(-logits[:, 0]), expit(logits[:, 0])])
    return np.asarray(softmax(logits, axis=1))


def as_batch(rows: Any) -> Any:
    """Make a tensor of some rows of a matrix, dense or sparse, in single precision."""
    import torch  # noqa: PLC0415 - an extra

    return torch.from_numpy(_dense(rows))


def run(module: Any, rows: Any, device: str = "cpu") -> Floats:
    """Let a network predict rows without learning from them, shape (n, outputs)."""
    import torch  # noqa: PLC0415 - an extra

    module.eval()
    with one_thread(), torch.inference_mode():
        found = [
            module(torch.from_numpy(_filled_up(rows[start : start + ROWS])).to(device)).cpu()
            for start in range(0, rows.shape[0], ROWS)
        ]
        joined = torch.cat(found).numpy()[: rows.shape[0]]
    return np.asarray(joined, dtype=np.float64)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch add up in one order only inside the block."""
    import torch  # noqa: PLC0415 - an extra

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _dense(rows: Any) -> npt.NDArray[np.float32]:
    is_sparse = bool(sparse.issparse(rows))
    dense = rows.toarray() if is_sparse else rows
    # what is too great becomes infinite, and what is learned from it no number
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(dense, dtype=np.float32)


def _filled_up(rows: Any) -> npt.NDArray[np.float32]:
    dense = _dense(rows)
    return np.pad(dense, ((0, ROWS - len(dense)), (0, 0)))


def _load(module: type | None, parameters: dict[str, Any], arrays: Arrays) -> Any:
    try:
        import torch  # noqa: PLC0415 - an extra

        from experiment_cycle.training.tabular_network import TabularNetwork  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise BackendError(
            f"This model needs the module '{error.name}', which is not installed. Next step: "
            f'pip install "{DISTRIBUTION}[torch]"'
        ) from error
    found = module or TabularNetwork
    if not (isinstance(found, type) and issubclass(found, torch.nn.Module)):
        raise IntegrityError(
            f"This model was stored with {found!r} as its network, which is no torch.nn.Module; "
            "nothing of it was run. Next step: train the model again."
        )
    made: Any = found(**parameters)
    # copies: arrays that were read from a file may not be writable
    made.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
    return made
