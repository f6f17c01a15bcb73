"""Resampling units where queries are ranked: each is worth its queries, not its rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from experiment_cycle.metrics.units import Units

Codes = npt.NDArray[np.int64]


def judged(query: Codes, relevance: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Tell which rows are of a query with a relevant row, shape (n,): only those say anything."""
    return np.isin(query, query[relevance > 0])


def query_units(codes: Codes, query: Codes) -> Units:
    """Number the units of ranked rows.

    Units that share a query are one, since a query is right or wrong as a whole. Every query weighs
    alike however many rows it has, so the effective number counts a unit by its queries.

    Args:
        codes: The unit of each row as declared, shape (n,).
        query: The query of each row, shape (n,).
    """
    if not len(codes):
        return Units.from_codes(codes)
    units, unit = np.unique(codes, return_inverse=True)
    queries, first, position = np.unique(query, return_index=True, return_inverse=True)
    size = len(units) + len(queries)
    edges = coo_array((np.ones(len(codes)), (unit, position + len(units))), shape=(size, size))
    joined = connected_components(edges, directed=False)[1][unit]
    return replace(Units.from_codes(joined), effective=Units.from_codes(joined[first]).effective)
