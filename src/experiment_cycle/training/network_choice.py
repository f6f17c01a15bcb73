"""Which network learns: the one for tables, or a module of the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from experiment_cycle.errors import ConfigurationError
from experiment_cycle.training.dotted_paths import load_class, refuse_unknown_parameters
from experiment_cycle.training.tabular_network import TabularNetwork

KEY = "training.estimators.skorch"
TRIED = 3


@dataclass(frozen=True)
class Network:
    """A class of modules, and what its constructor takes.

    Attributes:
        own: The class where it is the user's; None: `TabularNetwork`.
        parameters: `inputs` and `outputs` included.
    """

    own: type[Any] | None
    parameters: dict[str, Any]

    @property
    def kind(self) -> type[Any]:
        """The class."""
        return self.own or TabularNetwork


def choose_network(hyperparameters: dict[str, Any], inputs: int, outputs: int) -> Network:
    """Find the network that hyperparameters name, and try it out where it is the user's.

    Args:
        hyperparameters: As in `SkorchHyperparameters`.
        inputs: Columns of the matrix.
        outputs: Numbers predicted for a row.

    Raises:
        ConfigurationError: the module cannot be used, or there is no such device here.
    """
    check_device(hyperparameters["device"])
    sizes = {"inputs": inputs, "outputs": outputs}
    path = hyperparameters["module"]
    if path is None:
        layers = list(hyperparameters["hidden_layers"])
        shape = {"hidden_layers": layers, "dropout": hyperparameters["dropout"]}
        return Network(None, sizes | shape)
    network = Network(
        check_module(path, hyperparameters["module_parameters"]),
        sizes | hyperparameters["module_parameters"],
    )
    _try(network, path)
    return network


def check_module(path: str, parameters: dict[str, Any]) -> type[Any]:
    """Import a module of the user's own.

    Args:
        path: Dotted path of its class.
        parameters: What it takes besides `inputs` and `outputs`.

    Raises:
        ConfigurationError: it cannot be imported, is no torch.nn.Module, or does not take these.
    """
    kind = load_class(path, f"{KEY}.module", "my_project.networks.Network")
    if not issubclass(kind, torch.nn.Module):
        raise ConfigurationError(
            f"{KEY}.module is '{path}', which is no torch.nn.Module. Next step: derive it from "
            "torch.nn.Module, or set it to null for the network that comes with this project."
        )
    defined = f"{kind.__module__}.{kind.__qualname__}"
    if defined != path:
        # a stored model names it so, and what it names is trusted only if it is configured
        raise ConfigurationError(
            f"{KEY}.module is '{path}', which is defined as '{defined}'. Next step: write that."
        )
    given = {"inputs": 0, "outputs": 0} | parameters
    refuse_unknown_parameters(kind, given, f"{KEY}.module_parameters, with inputs and outputs,")
    return kind


def check_device(device: str) -> None:
    """Raise ConfigurationError if there is no such device here."""
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.mps.is_available()}
    if not there[device]:
        found = ", ".join(name for name, available in there.items() if available)
        raise ConfigurationError(
            f"{KEY}.device is '{device}', and PyTorch finds no such device here. Found: {found}."
        )


def _try(network: Network, path: str) -> None:
    """Predict a few rows of zeros, to see the shape before hours are spent on learning."""
    inputs, outputs = network.parameters["inputs"], network.parameters["outputs"]
    given = f"'{path}' (training.estimators.skorch.module)"
    try:
        with torch.random.fork_rng(devices=[]), torch.inference_mode():
            made = network.kind(**network.parameters).eval()
            shape = tuple(made(torch.zeros(TRIED, inputs)).shape)
    # whatever the user's module raises, it cannot be used
    except Exception as error:
        raise ConfigurationError(
            f"{given} cannot predict {TRIED} rows of {inputs} inputs: {type(error).__name__}: "
            f"{error}. Next step: correct it, or {KEY}.module_parameters."
        ) from error
    if shape != (TRIED, outputs):
        raise ConfigurationError(
            f"{given} predicts an array of shape {shape} for {TRIED} rows, where "
            f"{(TRIED, outputs)} is needed: a logit for each class (one for two classes), or the "
            "standardised target. Next step: let its last layer have `outputs` outputs."
        )
