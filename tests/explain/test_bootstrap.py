"""Refits between cohorts and inside one, permutation, interactions: against the long way round."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ifn_severity.classify import SeverityClassifier, refit
from ifn_severity.evaluate import auroc
from ifn_severity.explain.api import gene_attributions
from ifn_severity.explain.bootstrap import bootstrap_effects
from ifn_severity.explain.carry import gene_weights
from ifn_severity.explain.evidence import permutation_importance
from ifn_severity.explain.held_out import Design, fit_part, plan
from ifn_severity.explain.interactions import interferon_inflammation, shap_interactions
from ifn_severity.explain.plane import QUADRANTS, cutpoints, place
from ifn_severity.explain.samples import Samples
from ifn_severity.explain.shap_values import attribute

Fitted = tuple[Design, list[SeverityClassifier]]


@pytest.fixture(scope="module")
def between(samples: Samples) -> Fitted:
    design = plan(samples, ["sim0", "sim1"], ["sim0", "sim1"])
    saved = SeverityClassifier("transfer", inner_folds=2)
    return design, [fit_part(samples, part, saved) for part in design.parts]


@pytest.fixture(scope="module")
def trees(samples: Samples) -> SeverityClassifier:
    return SeverityClassifier("xgboost", inner_folds=2).fit(samples.matrix, samples.y)


def families(samples: Samples) -> np.ndarray:
    used = (samples.definition.weights != 0).any(axis=1)
    return np.column_stack([used, ~used]).astype(float)


def test_draws_between_cohorts(samples: Samples, between: Fitted) -> None:
    design, classifiers = between
    steps: list[str] = []
    common = (samples, design, classifiers, ["sim0", "sim1"], families(samples))
    found = bootstrap_effects(*common, refits=3, seed=5, n_jobs=1, on_step=steps.append)
    again = bootstrap_effects(*common, refits=3, seed=5, n_jobs=1)
    assert found.mean_abs.shape == (3, 2, len(samples.genes))
    assert len(steps) == 3
    np.testing.assert_array_equal(found.mean_abs, again.mean_abs)
    assert np.isfinite(found.mean_abs).all()
    # draws differ, and what no cohort measures has no slope
    assert np.ptp(found.mean_abs[:, 0].sum(axis=1)) > 0
    assert np.isnan(found.slope[:, 1, samples.genes.index("IFI27")]).all()
    # what genes carry apart is at least what they carry together
    assert (found.mean_abs.sum(axis=2) + 1e-9 >= found.net.sum(axis=2)).all()


def test_inside_a_cohort_only_patients_out_of_the_bag_are_explained(samples: Samples) -> None:
    design = plan(samples, ["sim0"], ["sim0"], folds=2)
    saved = SeverityClassifier("logistic", inner_folds=2)
    classifiers = [fit_part(samples, design.parts[0], saved)] * 2
    common = (samples, design, classifiers, ["sim0"], families(samples))
    found = bootstrap_effects(*common, refits=2, seed=1, n_jobs=1)
    assert np.isfinite(found.mean_abs).all()
    nothing = bootstrap_effects(*common, refits=0)
    assert nothing.n_draws == 0


def test_refit_on_the_same_samples_is_the_same_model(samples: Samples) -> None:
    first = SeverityClassifier("logistic", inner_folds=2).fit(samples.matrix, samples.y)
    rows = (samples.matrix, samples.y, samples.patients, samples.cohorts)
    again = refit(first, *rows, views=samples.views, random_state=0)
    np.testing.assert_allclose(
        again.decision_function(samples.matrix), first.decision_function(samples.matrix), atol=1e-6
    )
    half = refit(first, *(part[::2] for part in rows), views=samples.views, random_state=0)
    assert half.calibration_ == first.calibration_
    assert not np.allclose(
        half.decision_function(samples.matrix), first.decision_function(samples.matrix)
    )


def test_permutation_of_a_linear_model_is_that_of_its_features(
    samples: Samples, between: Fitted
) -> None:
    """The shortcut through the gene's weight against features computed again."""
    design, classifiers = between
    gene = samples.genes.index("IFIT1")
    losses = permutation_importance(
        samples, design, classifiers, np.array([gene]), shuffles=2, seed=4
    )
    rng = np.random.default_rng(4)
    expected = np.zeros(2)
    for cohort in ("sim0", "sim1"):
        rows = np.flatnonzero(samples.cohorts == cohort)
        at = next(i for i, p in enumerate(design.parts) if rows[0] in p.test)
        level = samples.levels[rows, gene]
        shuffled = rng.permuted(np.tile(level, (2, 1)), axis=1)
        coefficients, absent = samples.coefficients(cohort)
        usual = classifiers[at].decision_function(samples.matrix[rows])
        for i in range(2):
            levels = samples.filled(rows)
            levels[:, gene] = shuffled[i]
            X = np.where(absent, np.nan, levels @ coefficients)
            new = classifiers[at].decision_function(X)
            y = samples.y[rows]
            expected[i] += (auroc(y, usual)[0] - auroc(y, new)[0]) / 2
    np.testing.assert_allclose(losses[:, 0], expected, atol=1e-6)
    assert gene_weights(classifiers[0], samples, "sim0") is not None


def test_interactions_add_up_to_attributions(samples: Samples, trees: SeverityClassifier) -> None:
    rows = np.arange(4)
    found = shap_interactions(trees, samples.matrix[rows])
    values, _, _ = attribute(trees, samples.features.iloc[rows])
    np.testing.assert_allclose(found.sum(axis=2), values, atol=1e-4)
    np.testing.assert_allclose(found, found.transpose(0, 2, 1), atol=1e-5)


def test_a_set_without_inflammation_has_no_interaction_with_it(
    samples: Samples, trees: SeverityClassifier
) -> None:
    design = plan(samples, ["sim1"], ["sim0"])
    mean_abs, share, n = interferon_inflammation(samples, design, [trees])
    assert (mean_abs, share, n) == (0.0, 0.0, 40)


def test_base_and_genes_of_single_rows_are_those_of_all(
    samples: Samples, trees: SeverityClassifier
) -> None:
    usual = samples.levels[:40].mean(axis=0)
    _, every, _, _ = gene_attributions(trees, samples, np.arange(40), usual)
    _, one, _, _ = gene_attributions(trees, samples, np.array([7]), usual)
    np.testing.assert_allclose(one[0], every[7], atol=1e-12)


def test_cutpoints_come_from_healthy_people_where_there_are_five() -> None:
    index = [f"s{i}" for i in range(12)]
    scores = pd.DataFrame(
        {"interferon": np.arange(12.0), "inflammation": np.arange(12.0)[::-1]}, index=index
    )
    obs = pd.DataFrame(
        {"cohort": ["a"] * 6 + ["b"] * 6, "severe": [0.0] * 5 + [1.0] + [0.0] * 3 + [1.0] * 3,
         "severity": "mild", "days_since_onset": np.nan}, index=index)  # fmt: skip
    healthy = pd.DataFrame(
        {"interferon": [1.0, 1, 1, 2, 2], "inflammation": [0.0] * 5, "cohort": "b"}
    )
    cuts = cutpoints(scores, obs, healthy)
    assert cuts.loc["b", "interferon"] == pytest.approx(1.4 + 2 * np.std([1, 1, 1, 2, 2], ddof=1))
    assert "5 healthy" in cuts.loc["b", "basis"]
    assert cuts.loc["a", "interferon"] == 2.0
    assert "median of 5 mild" in cuts.loc["a", "basis"]
    where = place(scores, obs, cuts, np.zeros(12), np.zeros(12))
    assert where.loc["s0", "quadrant"] == QUADRANTS[False, True]
    assert set(where["quadrant"]) <= set(QUADRANTS.values())
