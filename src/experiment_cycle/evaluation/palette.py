"""Colours that stay apart for colour-blind readers (Okabe and Ito 2008)."""

from __future__ import annotations

CHALLENGER = "#0072B2"
INCUMBENT = "#E69F00"
REFERENCE = "#999999"

MODEL_COLOURS = {"challenger": CHALLENGER, "incumbent": INCUMBENT}

CLASS_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9")
"""For classes, where dashes tell the models apart."""
