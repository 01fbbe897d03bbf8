"""Explain a model in full: the order of the steps, and nothing of how a step works."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ifn_severity.bundle import SeverityModel
from ifn_severity.explain.bootstrap import bootstrap_effects
from ifn_severity.explain.carry import allocation_rule, linear_weights
from ifn_severity.explain.evidence import LEADING, evidence_table, permutation_importance
from ifn_severity.explain.exchangeable import candidates, correlate, exchangeable_groups, stand_ins
from ifn_severity.explain.families import INTERFERON
from ifn_severity.explain.held_out import plan
from ifn_severity.explain.plane import INFLAMMATION_SCORE, INTERFERON_SCORE, cutpoints, place
from ifn_severity.explain.ranking import stability
from ifn_severity.explain.result import POOLED, Explained
from ifn_severity.explain.univariate import by_cohort, by_stage, spreads
from ifn_severity.explain.words import answer_words, cautions
from ifn_severity.progress import Bar, no_bar
from ifn_severity.workflows.explanation import tables
from ifn_severity.workflows.explanation.fits import (
    fit_parts,
    mean_auroc,
    random_panels,
    without_genes,
)
from ifn_severity.workflows.explanation.held import explain_parts, explain_saved
from ifn_severity.workflows.explanation.load import Loaded, load
from ifn_severity.workflows.explanation.steps import (
    bootstrap_of,
    check_request,
    chosen_inside,
    counting,
    found_with,
    genes_chosen_with,
    graded,
    linear_coefficients,
    paired,
    refuse_unknown,
    shown_patients,
)
from ifn_severity.workflows.explanation.where import where_table

REFITS, PANELS = 200, 20


def explain_in_full(
    model: SeverityModel,
    cohorts: Sequence[str] = (),
    *,
    refits: int = REFITS,
    panels: int = PANELS,
    seed: int = 0,
    n_jobs: int = -1,
    patients: Sequence[str] = (),
    review: Mapping[str, str] | None = None,
    bar: Bar = no_bar,
) -> Explained:
    """Find out which interferon genes carry a model's decision, and how surely.

    Parameters
    ----------
    model : SeverityModel
    cohorts : sequence of str
        What to explain on; the cohorts the model was trained on when empty.
    refits : int
        Bootstrap draws of patients, each with refits; 0 for none.
    panels : int
        Panels of random genes to compare with; 0 for none.
    seed, n_jobs : int
    patients : sequence of str
        Samples to show one by one; four telling ones when empty.
    review : mapping of str to str, optional
        The review's evidence on a gene, one sentence each.
    bar : callable
        Gives a progress bar for a title and a number of steps.

    Returns
    -------
    Explained

    Raises
    ------
    IfnSeverityError
        If the model has no interferon features or gives every sample the same odds, a cohort is
        unknown or not graded, a sample is not there, or attributions do not add up.
    """
    check_request(model, refits=refits, panels=panels, n_jobs=n_jobs)
    return explain_loaded(
        model,
        load(model, cohorts, progress=bar is not no_bar),
        refits=refits,
        panels=panels,
        seed=seed,
        n_jobs=n_jobs,
        patients=patients,
        review=review,
        bar=bar,
    )


def explain_loaded(
    model: SeverityModel,
    loaded: Loaded,
    *,
    refits: int,
    panels: int,
    seed: int,
    n_jobs: int,
    patients: Sequence[str],
    review: Mapping[str, str] | None,
    bar: Bar,
) -> Explained:
    """Do what ``explain_in_full`` does, with cohorts that are loaded."""
    clock = _Clock()
    samples = loaded.samples
    trained_on = [str(cohort["name"]) for cohort in model.manifest.cohorts]
    design = plan(samples, loaded.explained, trained_on, seed=seed)
    asked = refuse_unknown(patients, samples, design, "+".join(loaded.explained))
    graded_rows, compared = graded(loaded, design)
    draws = bootstrap_of(compared, seed=seed)
    rows, n_counted = counting(samples, graded_rows, draws)
    panels = panels if len(rows) else 0
    steps = sum(not part.by_saved for part in design.parts) + LEADING
    if design.refitted:
        steps += len(design.parts) + panels + refits
    with bar(f"explaining {model.name}", steps) as step:
        classifiers = fit_parts(samples, design, model.classifier, n_jobs=n_jobs, step=step)
        held = explain_parts(model, loaded, design, classifiers, seed=seed)
        clock.lap("held-out fits and attributions")
        drawn = bootstrap_effects(
            samples,
            design,
            classifiers,
            loaded.explained,
            held.members,
            refits=refits,
            seed=seed,
            n_jobs=n_jobs,
            on_step=step,
        )
        clock.lap("bootstrap with refits")
        margin = np.full(len(samples.obs), np.nan)
        margin[design.rows] = held.features.margin
        without = None
        random = np.empty(0)
        if design.refitted:
            interferon_genes = tables.panel_table(samples)["interferon"].to_numpy()
            without = without_genes(
                samples,
                design,
                model.classifier,
                interferon_genes,
                (INTERFERON,),
                n_jobs=n_jobs,
                step=step,
            )
            clock.lap("without interferon")
            random = random_panels(
                loaded.pool,
                samples,
                design,
                classifiers,
                rows,
                draws=panels,
                seed=seed,
                n_jobs=n_jobs,
                step=step,
            )
            clock.lap("random genes")
        genes, interferon, positions = tables.rankings(samples, held, drawn)
        leading = interferon.head(LEADING)
        at = np.array([samples.genes.index(str(gene)) for gene in leading.index], dtype=np.intp)
        losses = permutation_importance(samples, design, classifiers, at, seed=seed, on_step=step)
        clock.lap("permutation importance")
    parts = (tables.some_genes(held.effects, positions), tables.some_genes(drawn, positions))
    cohort_table = by_cohort(samples, design.rows, positions, *parts)
    stage_table = by_stage(samples, design.rows, positions, held.genes, held.slopes)
    found = correlate(samples, design.rows, candidates(genes, samples.genes))
    groups = exchangeable_groups(found, samples, held.genes, genes)
    followers = stand_ins(found, samples)
    spread = spreads(samples, design.rows)
    interferon = tables.annotate(interferon, cohort_table, stage_table, groups, followers, spread)
    genes = tables.annotate(genes, cohort_table, stage_table, groups, followers, spread)
    families, families_by_cohort = tables.family_tables(samples, held, drawn)
    clock.lap("gene tables")
    difference = paired(samples, rows, margin, without, seed=seed)
    auroc_with = mean_auroc(samples, rows, margin)
    answer = tables.answer(
        samples,
        design,
        held,
        drawn,
        families,
        difference,
        auroc_with,
        random,
        n_counted=n_counted,
        genes_chosen=genes_chosen_with(model, loaded.explained),
        found_with=found_with(model, loaded.explained),
    )
    if answer.genes_chosen:
        mean, low, high = chosen_inside(model)
        answer = replace(answer, chosen_inside=mean, chosen_inside_low=low, chosen_inside_high=high)
    where = where_table(
        draws,
        compared,
        samples,
        held,
        margin[graded_rows],
        None if without is None else without[graded_rows],
    )
    interactions = tables.interaction_rows(
        draws,
        compared,
        samples,
        design,
        classifiers,
        trees=linear_weights(classifiers[0]) is None,
    )
    clock.lap("comparisons and interactions")
    steady = stability(parts[0].pooled[0], parts[1].pooled, seed=seed)
    scope = POOLED if len(loaded.explained) > 1 else loaded.explained[0]
    own = cohort_table[cohort_table["cohort"] == scope].set_index("gene")
    coefficient, coefficient_of = linear_coefficients(samples, design, classifiers, at)
    evidence = evidence_table(leading, own, losses, coefficient, coefficient_of, dict(review or {}))
    saved = explain_saved(model, loaded, design.rows, design.training)
    scores = loaded.dataset.features.iloc[design.rows][[INTERFERON_SCORE, INFLAMMATION_SCORE]]
    scores = scores.set_axis(["interferon", "inflammation"], axis=1)
    cuts = cutpoints(scores, held.features.obs, loaded.healthy)
    family_values = pd.DataFrame(
        held.family_values, index=held.features.values.index, columns=list(held.families)
    )
    net = family_values[families.index[families["interferon"]]].sum(axis=1)
    plane = place(scores, held.features.obs, cuts, held.features.margin, net.to_numpy())
    explained = Explained(
        features=held.features,
        gene_level=held.gene_level,
        saved=saved,
        interferon=interferon,
        genes=genes,
        by_cohort=cohort_table,
        by_stage=stage_table,
        exchangeable=groups,
        stand_ins=followers,
        families=families,
        families_by_cohort=families_by_cohort,
        family_values=family_values,
        family_method=held.family_method,
        interactions=interactions,
        evidence=evidence,
        where=where,
        plane=plane,
        cutpoints=cuts,
        random_aurocs=tuple(float(value) for value in random),
        answer=answer,
        stability=steady,
        patients=(),
        design=design.words,
        allocation=allocation_rule(model.classifier),
        words=answer_words(
            answer, steady, interferon, where, interactions, followers, held_out=design.held_out
        ),
        cautions=cautions(
            interferon,
            steady,
            held_out=design.held_out,
            days_known=bool(held.features.obs["days_since_onset"].notna().any()),
        ),
    )
    shown = shown_patients(explained, model, loaded, design, held, asked)
    clock.lap("patients")
    return replace(explained, patients=shown, seconds=clock.seconds)


class _Clock:
    """Seconds of each step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, step: str) -> None:
        """Note the time since the last call."""
        now = time.perf_counter()
        self.seconds[step] = round(now - self._last, 3)
        self._last = now
