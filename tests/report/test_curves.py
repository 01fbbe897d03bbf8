import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from ifn_severity.errors import InputError
from ifn_severity.report.curves import (
    calibration_bins,
    checked,
    mean_roc,
    mean_steps,
    precision_recall_curves,
    roc_curves,
    wilson,
)


def _data(seed: int, levels: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.r_[0, 1, rng.integers(0, 2, 30)]
    # few levels make many ties, where curves are easiest to get wrong
    p = np.round(np.clip(0.3 * y + rng.random((4, 32)) * 0.7, 0, 1) * levels) / levels
    p[1, 5:9] = np.nan
    return y, p


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([2, 5, 1000]))
def test_areas_are_scikit_learns(seed: int, levels: int) -> None:
    y, p = _data(seed, levels)
    labels, repeats = checked(y, p)
    known = [~np.isnan(row) for row in p]
    aurocs = [roc_auc_score(y[k], row[k]) for row, k in zip(p, known, strict=True)]
    aps = [average_precision_score(y[k], row[k]) for row, k in zip(p, known, strict=True)]
    curves = roc_curves(labels, repeats)
    assert [np.trapezoid(t, f) for f, t in curves] == pytest.approx(aurocs)
    fpr, tpr = mean_roc(curves)
    assert np.trapezoid(tpr, fpr) == pytest.approx(np.mean(aurocs))
    assert (np.diff(fpr) >= 0).all()
    assert (np.diff(tpr) >= -1e-12).all()
    steps = precision_recall_curves(labels, repeats)
    assert [np.sum(np.diff(r) * q[1:]) for r, q in steps] == pytest.approx(aps)
    recall, precision = mean_steps(steps)
    assert np.sum(np.diff(recall) * precision[1:]) == pytest.approx(np.mean(aps))


def test_wilson_is_the_published_interval() -> None:
    low, high = wilson([0, 10, 81], [10, 10, 263])
    assert low == pytest.approx([0.0, 0.7225, 0.2553], abs=1e-4)  # Newcombe 1998, table I
    assert high == pytest.approx([0.2775, 1.0, 0.3662], abs=1e-4)


def test_calibration_bins_hold_every_patient_once() -> None:
    rng = np.random.default_rng(0)
    p = np.round(rng.random(100), 1)
    y = (rng.random(100) < p).astype(float)
    bins = calibration_bins(y, p, n_bins=5)
    assert bins.n.sum() == 100
    assert (bins.observed * bins.n).sum() == pytest.approx(y.sum())
    assert (bins.predicted * bins.n).sum() == pytest.approx(p.sum())
    assert (bins.low <= bins.observed + 1e-12).all()
    assert (bins.observed <= bins.high + 1e-12).all()


def test_one_probability_for_all_makes_one_bin() -> None:
    assert calibration_bins(np.array([0.0, 1, 1]), np.full(3, 0.5)).n.tolist() == [3]


@pytest.mark.parametrize(
    ("y", "p", "got"),
    [
        ([0, 1, 1], [0.1, 0.2], "shape"),
        ([0, 2, 1], [0.1, 0.2, 0.3], "labels 2"),
        ([0, 1, np.nan], [0.1, 0.2, 0.3], "labels nan"),
        ([0, 1, 1], [0.1, 1.2, 0.3], "probability 1.2"),
        ([1, 1, 1], [0.1, 0.2, 0.3], "fewer than two classes"),
        ([0, 1, 1], [[0.1, 0.2, 0.3], [np.nan, 0.2, 0.3]], "repeat 2"),
    ],
)
def test_bad_input_is_said_plainly(y: list, p: list, got: str) -> None:
    with pytest.raises(InputError, match=got):
        checked(y, p)
