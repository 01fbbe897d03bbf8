"""Patient bootstrap with refits: how far a ranking would move with other patients."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from ifn_severity.classify import SeverityClassifier, refit
from ifn_severity.explain.carry import carry_to_genes, gene_weights, usual_levels
from ifn_severity.explain.effects import Effects, no_effects, summarise_effects
from ifn_severity.explain.grouped import family_shapley
from ifn_severity.explain.held_out import FOLDS, Design, Part
from ifn_severity.explain.samples import Samples
from ifn_severity.explain.shap_values import attribute

FEW = 4
"""Training samples behind a family's value in one draw; the draws average over them."""


def draw_patients(
    samples: Samples, rows: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw patients with replacement within cohort and class.

    A patient with samples of both classes belongs to the severe. Each copy is a patient of its
    own, so that copies count as much as other patients do.

    Parameters
    ----------
    samples : Samples
    rows : ndarray of int
        Samples to draw from.
    rng : numpy.random.Generator

    Returns
    -------
    drawn : ndarray of int
        Rows, all samples of a patient together.
    copies : ndarray of str
        Patient of each drawn row.
    """
    patients, cohorts, y = samples.patients[rows], samples.cohorts[rows], samples.y[rows]
    names, first, which = np.unique(patients, return_index=True, return_inverse=True)
    severe = np.zeros(len(names), dtype=int)
    np.maximum.at(severe, which, y)
    order = np.argsort(which, kind="stable")
    members = np.split(rows[order], np.cumsum(np.bincount(which))[:-1])
    drawn: list[np.ndarray] = []
    copies: list[str] = []
    for cohort in dict.fromkeys(cohorts.tolist()):
        for label in (0, 1):
            people = np.flatnonzero((cohorts[first] == cohort) & (severe == label))
            for copy, person in enumerate(rng.choice(people, size=len(people))):
                drawn.append(members[person])
                copies += [f"{names[person]}#{copy}"] * len(members[person])
    return np.concatenate(drawn), np.array(copies)


def _one_draw(
    seed: int,
    samples: Samples,
    design: Design,
    classifiers: Sequence[SeverityClassifier],
    cohorts: Sequence[str],
    families: np.ndarray,
) -> Effects:
    """Refit on drawn patients and explain patients that the refit did not see."""
    rng = np.random.default_rng(seed)
    every = np.union1d(design.training, design.rows)
    with threadpool_limits(1):
        drawn, copies = draw_patients(samples, every, rng)
        total: list[Effects] = []
        jobs: list[tuple[Part, SeverityClassifier]] = []
        folds = [
            (part, classifier)
            for part, classifier in zip(design.parts, classifiers, strict=True)
            if design.kind == FOLDS and not part.by_saved
        ]
        if folds:
            # one fit on the bag; the patients that are not in it are held out
            inside = np.concatenate([part.test for part, _ in folds])
            out = np.setdiff1d(inside, drawn)
            jobs.append((Part(out, design.training), folds[0][1]))
        jobs += [
            (part, classifier)
            for part, classifier in zip(design.parts, classifiers, strict=True)
            if design.kind != FOLDS or part.by_saved
        ]
        for number, (part, classifier) in enumerate(jobs):
            bag = np.isin(drawn, part.train)
            again = refit(
                classifier,
                samples.matrix[drawn[bag]],
                samples.y[drawn[bag]],
                copies[bag],
                samples.cohorts[drawn[bag]],
                views=samples.views,
                random_state=int(rng.integers(2**31)),
            )
            out_of_bag = bool(folds) and number == 0
            rows, weights = _tested(part.test, drawn, out_of_bag=out_of_bag)
            if not len(rows):
                continue
            total.append(
                explain_rows(
                    again,
                    samples,
                    rows,
                    weights,
                    drawn[bag],
                    cohorts=cohorts,
                    families=families,
                    seed=seed % 2**32,
                )
            )
    return _merged(total, cohorts, samples, families)


def _tested(
    test: np.ndarray, drawn: np.ndarray, *, out_of_bag: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return rows to explain and how often each counts."""
    if out_of_bag:
        return test, np.ones(len(test))
    return np.unique(drawn[np.isin(drawn, test)], return_counts=True)


def explain_rows(
    classifier: SeverityClassifier,
    samples: Samples,
    rows: np.ndarray,
    weights: np.ndarray,
    train: np.ndarray,
    *,
    cohorts: Sequence[str],
    families: np.ndarray,
    seed: int,
) -> Effects:
    """Attribute rows to genes by a classifier and summarise by cohort."""
    values, _, _ = attribute(classifier, samples.features.iloc[rows])
    usual = usual_levels(samples, train, classifier.model)
    genes = carry_to_genes(classifier, samples, rows, values.to_numpy(), usual)
    slopes = {
        name: found
        for name, _ in samples.blocks(rows)
        if (found := gene_weights(classifier, samples, name)) is not None
    }
    if slopes:
        by_family = genes @ families
    else:
        by_family, _ = family_shapley(
            classifier, samples, rows, families, np.unique(train), backgrounds=FEW, seed=seed
        )
    return summarise_effects(samples, rows, genes, weights, cohorts, by_family, slopes or None)


def _merged(
    effects: Sequence[Effects], cohorts: Sequence[str], samples: Samples, families: np.ndarray
) -> Effects:
    """Put together effects that cover different cohorts."""
    result = no_effects(1, cohorts, samples, families)
    for one in effects:
        for name in ("mean_abs", "slope", "net"):
            here, there = getattr(result, name), getattr(one, name)
            here[...] = np.where(np.isfinite(there), there, here)
    return result


def bootstrap_effects(
    samples: Samples,
    design: Design,
    classifiers: Sequence[SeverityClassifier],
    cohorts: Sequence[str],
    families: np.ndarray,
    *,
    refits: int,
    seed: int = 0,
    n_jobs: int = -1,
    on_step: Callable[[str], None] = lambda _: None,
) -> Effects:
    """Draw patients, refit, and explain held-out patients, many times.

    With cohorts left out, each draw refits once for each of them, on drawn patients of the
    others, and explains drawn patients of the one left out. With folds, each draw refits once
    and explains the patients that were not drawn (out of bag). The setting and the calibration
    that the search found are kept.

    Parameters
    ----------
    samples : Samples
    design : Design
    classifiers : sequence of SeverityClassifier
        One a part of the design.
    cohorts : sequence of str
        Explained cohorts.
    families : ndarray of shape (n_panel, n_families)
    refits : int
        Draws.
    seed, n_jobs : int
    on_step : callable
        Called once a draw.

    Returns
    -------
    Effects

    References
    ----------
    Efron B, Tibshirani R. An Introduction to the Bootstrap. 1993, doi:10.1201/9780429246593.
    """
    if not design.refitted or refits < 1:
        return no_effects(0, cohorts, samples, families)
    seeds = np.random.default_rng(seed).integers(2**63, size=refits)
    tasks = (
        joblib.delayed(_one_draw)(int(one), samples, design, classifiers, cohorts, families)
        for one in seeds
    )
    found: list[Effects] = []
    for one in joblib.Parallel(n_jobs=n_jobs, return_as="generator")(tasks):
        found.append(one)
        on_step("patient bootstrap")
    return Effects(
        tuple(cohorts),
        np.concatenate([one.mean_abs for one in found]),
        np.concatenate([one.slope for one in found]),
        np.concatenate([one.net for one in found]),
    )
