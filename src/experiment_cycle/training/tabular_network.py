"""A small neural network for tables, in PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import nn


class TabularNetwork(nn.Module):  # type: ignore[misc]
    """Layers of units, each normalised, cut off below zero and thinned out while learning.

    Normalised by layer (Ba et al., Layer Normalization, 2016), not by batch: what a row is
    predicted to be does not depend on the others, and a last batch of one row can be learned from.
    """

    def __init__(
        self, inputs: int, outputs: int, hidden_layers: Sequence[int], dropout: float
    ) -> None:
        """Set up the layers.

        Args:
            inputs: Columns of the matrix.
            outputs: Numbers predicted for a row.
            hidden_layers: Units of each layer in between.
            dropout: Share of the units left out at random, anew for each batch.
        """
        super().__init__()
        layers: list[nn.Module] = []
        width = inputs
        for units in hidden_layers:
            layers += [nn.Linear(width, units), nn.LayerNorm(units), nn.ReLU()]
            layers += [nn.Dropout(dropout)] if dropout else []
            width = units
        self.layers = nn.Sequential(*layers, nn.Linear(width, outputs))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Predict: (rows, inputs) to (rows, outputs)."""
        return cast(torch.Tensor, self.layers(inputs))
