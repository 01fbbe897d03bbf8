"""Take genes away from a held-out cohort and see what the prediction loses.

    IFN_SEVERITY_MIRROR=DIR python benchmarks/missing_genes.py --seed 0

Writes the tables of docs/missing-genes.md and docs/figures/missing-genes.svg.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from ifn_severity.evaluate import auroc
from ifn_severity.features import reference_genes
from ifn_severity.features.reference import OFFSET
from ifn_severity.paths import atomic_file
from ifn_severity.report.figure_files import svg_text
from ifn_severity.report.style import BLUE, GREY, VERMILLION, figure_style, finish, new_figure
from scoring.data import GENES, SCORES, SET, Cohort, load_cohorts
from scoring.methods import log_size
from scoring.pages import DOCS, markdown, with_interval, write_tables
from scoring.transfer import C_SCORES, C_WITH_GENES, Judge, Ridge, fit_ridge, interval

N_DRAWS = 50
FRACTIONS = (0.05, 0.10, 0.20, 0.40)
FIXED = "absent from GSE155454"
SETTINGS = {"scores": C_SCORES, "scores and genes": C_WITH_GENES}
REFERENCE = np.isin(SET.panel, reference_genes())


class HeldOut:
    """A cohort, the models fitted on the other three, and its panel in linear units."""

    def __init__(self, cohort: Cohort) -> None:
        self.cohort = cohort
        panel = cohort.linear.reindex(columns=list(SET.panel))
        self.present = panel.notna().all().to_numpy()
        self.linear = panel.fillna(0.0).to_numpy()
        self.models: dict[str, Ridge] = {}
        self.whole = self.features()

    def features(self, absent: np.ndarray | None = None, silent: Sequence[str] = ()) -> np.ndarray:
        """Score without some panel genes and without some reference genes."""
        present = self.present if absent is None else self.present & ~absent
        present = present & ~np.isin(SET.panel, silent)
        size = np.exp2(log_size(self.cohort.linear, without=tuple(silent)))
        coefficients = SET.coefficients(present)
        empty = np.isnan(coefficients).any(axis=0)
        level = np.log2(self.linear[:, present] / size[:, None] + OFFSET)
        values = np.asarray(level @ np.where(empty, 0.0, coefficients)[present])
        values[:, empty] = np.nan
        return values

    def fit(self, others: Sequence[HeldOut]) -> None:
        """Fit both models on the other cohorts, whole."""
        for setting, C in SETTINGS.items():
            columns = self.columns(setting)
            features = {o.cohort.name: o.whole[:, columns] for o in others}
            self.models[setting] = fit_ridge([o.cohort for o in others], features, C)

    @staticmethod
    def columns(setting: str) -> np.ndarray:
        """Return which features a setting uses."""
        return SCORES if setting == "scores" else SCORES | GENES

    def log_odds(self, features: np.ndarray, setting: str) -> np.ndarray:
        """Predict with the model that never saw the cohort."""
        return self.models[setting].log_odds(features[:, self.columns(setting)])


@dataclass(frozen=True)
class Loss:
    """What one removal costs: one value a draw.

    Attributes
    ----------
    drop : ndarray of shape (n_draws,)
        Fall of the mean AUROC over held-out cohorts.
    shift : ndarray
        Mean over samples of the change of log-odds, in SD of the cohort's log-odds.
    moved : ndarray
        Mean over samples of its absolute value.
    worst : ndarray
        Largest of the cohorts' falls in AUROC.
    """

    drop: np.ndarray
    shift: np.ndarray
    moved: np.ndarray
    worst: np.ndarray


def loss(
    held: Sequence[HeldOut],
    setting: str,
    removals: Iterable[tuple[np.ndarray | None, Sequence[str]]],
) -> Loss:
    """Remove, predict, compare with the prediction from everything."""
    rows = []
    for absent, silent in removals:
        drops, shifts, moves = [], [], []
        for one in held:
            before = one.log_odds(one.whole, setting)
            after = one.log_odds(one.features(absent, silent), setting)
            y = one.cohort.severe
            drops.append(auroc(y, before)[0] - auroc(y, after)[0])
            change = (after - before) / before.std()
            shifts.append(change.mean())
            moves.append(np.abs(change).mean())
        rows.append([np.mean(drops), np.mean(shifts), np.mean(moves), np.max(drops)])
    return Loss(*np.array(rows).T)


def random_removals(
    fraction: float, rng: np.random.Generator
) -> list[tuple[np.ndarray, list[str]]]:
    """Draw panel genes to remove; the reference genes stay."""
    free = np.flatnonzero(~REFERENCE)
    removals = []
    for _ in range(N_DRAWS):
        absent = np.zeros(len(SET.panel), dtype=bool)
        absent[rng.choice(free, round(fraction * len(free)), replace=False)] = True
        removals.append((absent, []))
    return removals


def random_reference(n_missing: int, rng: np.random.Generator) -> list[tuple[None, list[str]]]:
    """Draw reference genes to remove."""
    genes = list(reference_genes())
    if n_missing == 1:
        return [(None, [gene]) for gene in genes]
    return [(None, list(rng.choice(genes, n_missing, replace=False))) for _ in range(N_DRAWS)]


def cells(result: Loss) -> list[str]:
    """Format a row: mean over draws, and the central 95 % of draws."""
    return [
        with_interval(result.drop.mean(), *interval(result.drop), sign="+"),
        with_interval(result.worst.mean(), *interval(result.worst), sign="+"),
        with_interval(result.shift.mean(), *interval(result.shift), digits=2, sign="+"),
        with_interval(result.moved.mean(), *interval(result.moved), digits=2),
    ]


def fixed_cells(
    held: Sequence[HeldOut], setting: str, absent: np.ndarray, *, seed: int
) -> list[str]:
    """Format the row of one fixed removal: intervals are over patients, drawn with repeats."""
    judge = Judge([one.cohort for one in held], seed=seed, n_draws=2000)
    drops, shifts, moves, points = [], [], [], []
    for one in held:
        before = one.log_odds(one.whole, setting)
        after = one.log_odds(one.features(absent), setting)
        y, weights = one.cohort.severe, judge.weights[one.cohort.name]
        change = (after - before) / before.std()
        share = weights / weights.sum(axis=1, keepdims=True)
        drops.append(auroc(y, before, weights) - auroc(y, after, weights))
        shifts.append(share @ change)
        moves.append(share @ np.abs(change))
        fall = auroc(y, before)[0] - auroc(y, after)[0]
        points.append([fall, change.mean(), np.abs(change).mean()])
    fall, shift, moved = np.mean(points, axis=0)
    falls = np.array(drops)
    falls = falls[:, np.isfinite(falls).all(axis=0)]
    worst = max(point[0] for point in points)
    return [
        with_interval(fall, *interval(falls.mean(axis=0)), sign="+"),
        with_interval(worst, *interval(falls.max(axis=0)), sign="+"),
        with_interval(shift, *interval(np.mean(shifts, axis=0)), digits=2, sign="+"),
        with_interval(moved, *interval(np.mean(moves, axis=0)), digits=2),
    ]


def draw(losses: dict[str, dict[object, Loss]]) -> None:
    """Draw fall of AUROC and movement of log-odds, against what is missing."""
    with figure_style():
        figure = new_figure(5.6)
        axes = figure.subplots(2, 2, sharey="row")
        for column, (kind, label) in enumerate(
            (
                ("panel", "panel genes missing at random (%)"),
                ("reference", "reference genes missing (of 11)"),
            )
        ):
            for setting, colour, marker in (
                ("scores", BLUE, "o"),
                ("scores and genes", VERMILLION, "s"),
            ):
                results = {k[1]: v for k, v in losses[setting].items() if k[0] == kind}
                x = [100 * k if kind == "panel" else k for k in results]
                for row, field in enumerate(("drop", "moved")):
                    lines(axes[row, column], x, results.values(), field, setting, colour, marker)
            axes[1, column].set_xlabel(label)
            axes[0, column].axhline(0.0, color=GREY, linewidth=0.8)
        for row, field in enumerate(("drop", "moved")):
            for setting, colour, marker in (
                ("scores", BLUE, "o"),
                ("scores and genes", VERMILLION, "s"),
            ):
                fixed = losses[setting][("fixed", FIXED)]
                share = 100 * losses["share"]
                axes[row, 0].plot(
                    share,
                    getattr(fixed, field)[0],
                    marker=marker,
                    markerfacecolor="white",
                    color=colour,
                    markersize=8,
                    linestyle="",
                    label=f"{setting}: genes {FIXED}" if row == 0 else None,
                )
        axes[0, 0].set_ylabel("fall of mean AUROC")
        axes[1, 0].set_ylabel("mean |log-odds change| (SD)")
        axes[0, 0].set_title("Panel genes")
        axes[0, 1].set_title("Reference genes")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2, columnspacing=1.0)
        finish(figure, simulated=False)
        with atomic_file(DOCS / "figures" / "missing-genes.svg") as part:
            part.write_text(svg_text(figure), encoding="utf-8")


def lines(
    axes: Axes,
    x: list[float],
    results: Iterable[Loss],
    field: str,
    setting: str,
    colour: str,
    marker: str,
) -> None:
    """Draw the mean over draws with the central 95 %."""
    values = [getattr(result, field) for result in results]
    bands = np.array([interval(value) for value in values])
    means = [value.mean() for value in values]
    axes.plot(x, means, color=colour, marker=marker, label=f"{setting}: random, with 95 % of draws")
    axes.fill_between(x, bands[:, 0], bands[:, 1], color=colour, alpha=0.18, linewidth=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    held = [HeldOut(cohort) for cohort in load_cohorts()]
    for one in held:
        one.fit([other for other in held if other is not one])
    lacking = ~next(one.present for one in held if one.cohort.name == "GSE155454")
    share = float(lacking.mean())
    others = [one for one in held if one.cohort.name != "GSE155454"]
    losses: dict[str, dict] = {"share": share}
    tables = {}
    for setting in SETTINGS:
        found: dict[tuple[str, object], Loss] = {}
        rng = np.random.default_rng(arguments.seed)
        rows = []
        for fraction in FRACTIONS:
            found["panel", fraction] = loss(held, setting, random_removals(fraction, rng))
            rows.append([f"{fraction:.0%} of panel genes", *cells(found["panel", fraction])])
            print(f"{setting}: {' | '.join(rows[-1])}", flush=True)
        found["fixed", FIXED] = loss(others, setting, [(lacking, [])])
        label = f"the {int(lacking.sum())} genes ({share:.0%}) {FIXED}, three other cohorts"
        rows.append([label, *fixed_cells(others, setting, lacking, seed=arguments.seed)])
        print(f"{setting}: {' | '.join(rows[-1])}", flush=True)
        for n_missing in range(1, 8):
            removals = random_reference(n_missing, rng)
            found["reference", n_missing] = loss(held, setting, removals)
            label = f"{n_missing} of 11 reference genes"
            rows.append([label, *cells(found["reference", n_missing])])
            print(f"{setting}: {' | '.join(rows[-1])}", flush=True)
        losses[setting] = found
        columns = [
            "missing in the held-out cohort",
            "fall of mean AUROC",
            "fall in the worst cohort",
            "mean change of log-odds (SD)",
            "mean absolute change (SD)",
        ]
        tables[setting.replace(" ", "-")] = markdown(columns, rows)
    tables["run"] = (
        f"Seed {arguments.seed}. Intervals: the central 95 % of {N_DRAWS} random removals (all 11 "
        f"where one reference gene is missing); for the genes {FIXED}, of 2,000 bootstrap draws "
        "of patients."
    )
    draw(losses)
    write_tables(DOCS / "missing-genes.md", tables)
    print("written: docs/missing-genes.md, docs/figures/missing-genes.svg")


if __name__ == "__main__":
    main()
