"""Several rows of one gene become one, by a rule that looks at one sample alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ifn_severity.genes import collapse, harmonise

# two versions of one id, a gene by its current and its previous name, an unknown, a lost date
NAMES = ["ENSG00000187608.1", "ENSG00000187608.2", "IFIT1", "IFNAI1", "Y_RNA", "1-Mar", "CXCL10"]
MATRICES = arrays(np.float64, (4, len(NAMES)), elements=st.floats(0, 1e6, width=32))


def collapsed(values: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame(values, columns=NAMES)
    return collapse(frame, harmonise(NAMES))[0]


def test_rule() -> None:
    out = collapsed(np.array([[1.0, 5, 2, 9, 7, 3, 4]]))
    assert out.columns.tolist() == ["ISG15", "IFIT1", "Y_RNA", "CXCL10"]
    # the larger of two equals; the current name over the previous one
    assert out.iloc[0].tolist() == [5, 2, 7, 4]


def test_it_is_said() -> None:
    frame = pd.DataFrame(np.ones((1, len(NAMES))), columns=NAMES)
    merged, beaten = collapse(frame, harmonise(NAMES))[1]
    assert "ISG15" in merged
    assert "IFNAI1" in beaten


@settings(max_examples=50, deadline=None)
@given(MATRICES)
def test_a_sample_does_not_depend_on_the_others(values: np.ndarray) -> None:
    together = collapsed(values)
    for row in range(len(values)):
        alone = collapsed(values[[row]])
        assert (alone.to_numpy()[0] == together.to_numpy()[row]).all()


@settings(max_examples=50, deadline=None)
@given(MATRICES)
def test_it_commutes_with_a_change_of_unit(values: np.ndarray) -> None:
    assert (collapsed(np.log2(values + 1)) == np.log2(collapsed(values) + 1)).to_numpy().all()
