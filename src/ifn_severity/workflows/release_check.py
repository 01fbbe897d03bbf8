"""Train released models again, and compare them with those that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from ifn_severity.bundle import SeverityModel, load_model
from ifn_severity.bundle.contents import read_file
from ifn_severity.bundle.load import golden_predictions
from ifn_severity.bundle.reference import read_numbers
from ifn_severity.classify import SeverityClassifier
from ifn_severity.errors import ModelError
from ifn_severity.paths import models_dir
from ifn_severity.workflows.dataset import Dataset
from ifn_severity.workflows.designs import Design, Release, released
from ifn_severity.workflows.release import named, with_data

TOLERANCE = 1e-9
"""Most that the log-odds of a golden sample may differ when a released model is trained again."""
_GOLDEN_LIMIT = 8_000_000


def check_release(
    names: Sequence[str] = (), *, plan: Release | None = None, folder: Path | None = None
) -> dict[str, float]:
    """Train released models again and compare them with those that are there.

    Parameters
    ----------
    names : sequence of str
        Which; all of them when empty.
    plan : Release, optional
        Designs; those of ``released.toml`` when left out.
    folder : Path, optional
        Where they are; ``models/`` when left out.

    Returns
    -------
    dict of str to float
        Largest difference in the log-odds of a golden sample, by model.

    Raises
    ------
    ModelError
        If one is missing, has other features, or differs by more than ``TOLERANCE``.
    """
    plan = plan or released()
    differences = {}
    for design, dataset in with_data(plan.choose(names), plan, progress=False):
        there = load_model((folder or models_dir()) / design.name)
        again = fit_design(design, plan, dataset)
        differences[design.name] = _difference(there, again)
    return differences


def fit_design(design: Design, plan: Release, dataset: Dataset) -> SeverityClassifier:
    """Fit one design on all samples, without holding anything out.

    Parameters
    ----------
    design : Design
    plan : Release
    dataset : Dataset
        Measured against the design's reference genes.

    Returns
    -------
    SeverityClassifier
        It knows its features by name, and of a panel only those that were chosen.
    """
    candidate = design.candidate(dataset)
    classifier = SeverityClassifier(
        candidate.model,
        inner_folds=plan.inner_folds,
        random_state=plan.seed,
        views=candidate.views,
        max_features=candidate.max_features,
    )
    # as in the cross-validation: the order of additions is part of the result
    with threadpool_limits(1):
        classifier.fit(
            candidate.X,
            dataset.y,
            groups=dataset.patients,
            cohorts=dataset.obs["cohort"].to_numpy(dtype=str),
        )
    return named(design, dataset, classifier)


def _difference(there: SeverityModel, again: SeverityClassifier) -> float:
    """Compare a saved model with its twin on the golden samples."""
    columns = [str(name) for name in again.feature_names_in_]
    difference = float("inf")
    if columns == there.manifest.columns:
        content = read_file(there.path, "golden.csv", limit=_GOLDEN_LIMIT)
        golden = read_numbers(content, "gene")
        pair = [
            golden_predictions(model, golden)["log_odds"].to_numpy()
            for model in (there, replace(there, classifier=again))
        ]
        difference = float(np.abs(pair[0] - pair[1]).max())
        difference = max(difference, abs(there.threshold - again.threshold_))
    if difference > TOLERANCE:
        raise ModelError(
            f"{there.path} differs by {difference:.2g} in log-odds from what its design gives here"
            if np.isfinite(difference)
            else f"{there.path} has other features than its design gives here",
            expected=f"the same within {TOLERANCE:g}",
            do="use the library versions of requirements.lock, or train it again with "
            f"ifn-severity release {there.name}",
        )
    return difference
