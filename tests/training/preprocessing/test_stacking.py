from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from experiment_cycle.training.preprocessing.stacking import beside


@given(
    rows=st.integers(1, 6),
    widths=st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=4),
    seed=st.integers(0, 2**32 - 1),
    as_sparse=st.booleans(),
)
def test_matrices_side_by_side_are_what_numpy_makes_of_them(
    rows: int, widths: list[tuple[int, bool]], seed: int, as_sparse: bool
) -> None:
    random = np.random.default_rng(seed)
    parts = [random.integers(0, 3, (rows, width)).astype(np.float64) for width, _ in widths]
    given_ = [
        sparse.csr_matrix(part.astype(np.float32)) if is_sparse else part.copy()
        for part, (_, is_sparse) in zip(parts, widths, strict=True)
    ]

    found = beside(given_, as_sparse)

    assert sparse.issparse(found) == as_sparse
    assert found.dtype == np.float64
    dense = found.toarray() if as_sparse else found
    assert as_sparse or found.flags.c_contiguous
    np.testing.assert_array_equal(dense, np.hstack(parts))
