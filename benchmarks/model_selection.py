"""Compare designs of the classifier between cohorts, and write the tables of its page.

    IFN_SEVERITY_MIRROR=DIR python benchmarks/model_selection.py [--seed 0] [--draws 100] [--write]

Every design is fitted without the cohort it is judged on; whatever it chooses, it chooses by
leaving out one training cohort after the other. ``--write`` replaces the tables in
docs/model-selection.md between their markers.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from ifn_severity.classify import SeverityClassifier
from ifn_severity.classify.transfer import platt_between
from ifn_severity.cohorts import load_cohort
from ifn_severity.evaluate import against_random, auroc, patient_bootstrap
from ifn_severity.evaluate.bootstrap import percentile_interval
from ifn_severity.evaluate.calibration import logistic_lines
from ifn_severity.evaluate.comparators import comparator_scores
from ifn_severity.features.definition import locate
from transfer_designs import (
    AXES,
    COHORTS,
    DATA,
    DEFINITION,
    JUDGED,
    SMALL,
    STRENGTHS,
    VIEWS,
    Design,
    Model,
    Table,
    features,
    inner_auroc,
    labels_of,
    weights_of,
)
from transfer_tried import PRIMARY, SHIPPED, all_designs, late, views_of

PAGE = Path(__file__).parents[1] / "docs/model-selection.md"


def memoised(design: Design) -> Design:
    known: dict[tuple[str, ...], Model] = {}

    def fit(names: tuple[str, ...]) -> Model:
        if names not in known:
            known[names] = design(names)
        return known[names]

    return fit


def calibrated(design: Design, names: tuple[str, ...]) -> tuple[float, float]:
    held = [design(tuple(c for c in names if c != t))(t) for t in names]
    origin = np.repeat(names, [len(h) for h in held])
    who = np.concatenate([DATA[c].patients for c in names])
    slope, intercepts = platt_between(np.concatenate(held), labels_of(names), who, origin)
    return slope, float(np.mean([intercepts[origin == c][0] for c in names]))


def without(cohort: str) -> tuple[str, ...]:
    return tuple(c for c in JUDGED if c != cohort)


def judged(score: Callable[[str], np.ndarray]) -> list[float]:
    return [float(auroc(DATA[t].y, score(t))[0]) for t in JUDGED]


def interval(score: Callable[[str], np.ndarray], draws: dict[str, np.ndarray]) -> np.ndarray:
    return np.mean([auroc(DATA[t].y, score(t), draws[t]) for t in JUDGED], axis=0)


def package_scores() -> dict[str, np.ndarray]:
    """Held-out log-odds of the package's own classifier, as users train it."""
    X = {}
    panel = DEFINITION.panel
    for name in COHORTS:
        level = DATA[name].of(locate(DATA[name].genes, panel))
        X[name] = pd.DataFrame(features(level), columns=DEFINITION.features.index)
    out = {}
    for held in COHORTS:
        names = tuple(c for c in JUDGED if c != held)
        y, who = labels_of(names), np.concatenate([DATA[c].patients for c in names])
        origin = np.repeat(names, [len(DATA[c].y) for c in names])
        model = SeverityClassifier("transfer").fit(
            pd.concat([X[c] for c in names]), y, groups=who, cohorts=origin
        )
        out[held] = model.decision_function(X[held])
    return out


def random_panels(n_draws: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean AUROC of random genes in the same structure, and of random views of the same genes."""
    union = sorted(set().union(*(DATA[c].genes for c in JUDGED)) - set(DEFINITION.panel))
    at = {c: locate(DATA[c].genes, union) for c in JUDGED}
    code = 2 ** np.arange(len(JUDGED))
    pattern = np.array([at[c] >= 0 for c in JUDGED]).T @ code
    ours = {c: locate(DATA[c].genes, DEFINITION.panel) for c in JUDGED}
    wanted = np.array([ours[c] >= 0 for c in JUDGED]).T @ code
    real = Table({c: features(DATA[c].of(ours[c])) for c in JUDGED})
    genes, views = [], []
    for draw in range(n_draws):
        rng = np.random.default_rng([seed, draw])
        pick = np.full(len(wanted), -1)
        for value in np.unique(wanted):
            rows, pool = np.flatnonzero(wanted == value), np.flatnonzero(pattern == value)
            if len(pool):
                pick[rows] = rng.choice(pool, len(rows), replace=len(pool) < len(rows))
        X = {}
        for c in JUDGED:
            X[c] = features(DATA[c].of(np.where(pick >= 0, at[c][pick], -1)))
        for into, table, labels in (
            (genes, Table(X), VIEWS),
            (views, real, rng.permutation(VIEWS)),
        ):
            design = late(views_of(table, labels))
            into.append(judged(lambda t, fit=design: fit(without(t))(t)))
    return np.array(genes), np.array(views)


def choices(
    designs: dict[str, Design], draws: dict[str, np.ndarray]
) -> dict[str, tuple[list[float], list[str]]]:
    """Judge cohorts by what their training cohorts choose, by three rules."""
    inner = {(n, t): inner_auroc(d, without(t)) for n, d in designs.items() for t in JUDGED}

    def log_loss(name: str, t: str) -> float:
        losses = []
        for c in without(t):
            rest = tuple(k for k in without(t) if k != c)
            slope, intercept = calibrated(designs[name], rest)
            z = np.where(DATA[c].y == 1, 1, -1) * (slope * designs[name](rest)(c) + intercept)
            losses.append(np.average(np.logaddexp(0, -z), weights=weights_of([c])))
        return float(np.mean(losses))

    rules: dict[str, tuple[list[float], list[str]]] = {}
    for rule in ("best inner AUROC", "best inner log-loss", "mean of all within 1 SE of the best"):
        areas, names = [], []
        for t in JUDGED:
            best = max(designs, key=lambda n: inner[n, t])
            taken = [best]
            if "log-loss" in rule:
                taken = [min(designs, key=lambda n: log_loss(n, t))]
            elif "SE" in rule:
                own = [
                    auroc(
                        DATA[c].y,
                        designs[best](tuple(k for k in without(t) if k != c))(c),
                        draws[c],
                    )
                    for c in without(t)
                ]
                edge = inner[best, t] - float(np.nanstd(np.mean(own, axis=0)))
                taken = [n for n in designs if inner[n, t] >= edge]
            score = np.mean([designs[n](without(t))(t) for n in taken], axis=0)
            areas.append(float(auroc(DATA[t].y, score)[0]))
            names.append(taken[0] if len(taken) == 1 else f"{len(taken)} designs")
        rules[rule] = areas, names
    return rules


def markdown(rows: list[list[object]], head: list[str]) -> str:
    shown = [[f"{v:.3f}" if isinstance(v, float) else str(v) for v in row] for row in rows]
    lines = [head, ["---"] * len(head), *shown]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--write", action="store_true", help="replace the tables of the page")
    given = parser.parse_args()
    warnings.filterwarnings("ignore", message="Mean of empty slice")
    started = time.perf_counter()
    rng = np.random.default_rng(given.seed)
    draws = {c: patient_bootstrap(DATA[c].patients, n_draws=2000, rng=rng) for c in JUDGED}
    tables: dict[str, str] = {}

    tried = all_designs(given.seed)
    fits = {name: memoised(design) for name, (_, _, design) in tried.items()}
    rows, means = [], {}
    for name, (turn, words, _) in tried.items():
        held = {t: fits[name](without(t))(t) for t in JUDGED}
        areas = judged(held.__getitem__)
        means[name] = float(np.mean(areas))
        low, high = percentile_interval(interval(held.__getitem__, draws))
        slopes, intercepts = [], []
        for t in JUDGED:
            slope, intercept = calibrated(fits[name], without(t))
            one = np.ones((1, len(held[t])))
            line = logistic_lines(DATA[t].y, slope * held[t] + intercept, one)
            slopes.append(float(line[0][0]))
            intercepts.append(float(line[1][0]))
        if name.endswith("+small"):
            small = "in training"
        else:
            small = f"{auroc(DATA[SMALL].y, fits[name](JUDGED)(SMALL))[0]:.3f}"
        rows.append(
            [
                turn,
                name,
                words,
                *areas,
                means[name],
                min(areas),
                f"{low:.3f}–{high:.3f}",
                " / ".join(f"{v:.2f}" for v in slopes),
                " / ".join(f"{v:+.1f}" for v in intercepts),
                small,
            ]
        )
    head = [
        "round",
        "design",
        "what it is",
        *JUDGED,
        "mean",
        "least",
        "95 % interval of the mean",
        "slopes",
        "intercepts",
        SMALL,
    ]
    tables["designs"] = markdown(rows, head)

    fair = {n: fits[n] for n, (turn, _, _) in tried.items() if turn <= 2 and "published" not in n}
    best = max(means, key=lambda n: means[n])
    rows = [
        [
            f"chosen inside the training cohorts: {rule}",
            *areas,
            float(np.mean(areas)),
            min(areas),
            ", ".join(names),
        ]
        for rule, (areas, names) in choices(fair, draws).items()
    ]
    for words, name in (
        ("declared before any figure", PRIMARY),
        ("shipped", SHIPPED),
        (f"best of {len(tried)}, looked up", best),
    ):
        areas = judged(lambda t, n=name: fits[n](without(t))(t))
        rows.append([words, *areas, float(np.mean(areas)), min(areas), name])
    tables["choices"] = markdown(rows, ["how", *JUDGED, "mean", "least", "design"])

    own = package_scores()
    rows = []
    for t in COHORTS:
        y, weights = DATA[t].y, draws.get(t)
        if weights is None:
            weights = patient_bootstrap(DATA[t].patients, n_draws=2000, rng=rng)
        low, high = percentile_interval(auroc(y, own[t], weights))
        slope, intercept = logistic_lines(y, own[t], np.ones((1, len(y))))
        bounds = percentile_interval(logistic_lines(y, own[t], weights)[0])
        rows.append(
            [
                t,
                f"{len(np.unique(DATA[t].patients))} / {len(y)}",
                float(auroc(y, own[t])[0]),
                f"{low:.3f}–{high:.3f}",
                float(slope[0]),
                f"{bounds[0]:.2f}–{bounds[1]:.2f}",
                float(intercept[0]),
                float(np.mean((1 / (1 + np.exp(-own[t])) - y) ** 2)),
            ]
        )
    tables["shipped"] = markdown(
        rows,
        [
            "held-out cohort",
            "patients / samples",
            "AUROC",
            "95 % interval",
            "slope",
            "95 % interval",
            "intercept",
            "Brier",
        ],
    )

    ranks = {t: comparator_scores(load_graded(t), cohort=t).scores for t in JUDGED}
    ours = interval(own.__getitem__, draws)
    rows = []
    for name in ranks[JUDGED[0]].columns:
        score = {t: ranks[t][name].to_numpy() for t in JUDGED}
        if any(np.isnan(s).any() for s in score.values()):
            continue
        areas = judged(score.__getitem__)
        low, high = percentile_interval(ours - interval(score.__getitem__, draws))
        rows.append(
            [
                name,
                *areas,
                float(np.mean(areas)),
                min(areas),
                f"{np.mean(judged(own.__getitem__)) - np.mean(areas):+.3f} "
                f"({low:+.3f} to {high:+.3f})",
            ]
        )
    rows.sort(key=lambda row: -float(row[5]))  # type: ignore[arg-type]
    tables["published"] = markdown(
        rows, ["published score, ranks", *JUDGED, "mean", "least", "shipped minus it"]
    )

    genes, views = random_panels(given.draws, given.seed)
    rows = [["shipped", means[SHIPPED], "", "", "", min(judged(own.__getitem__))]]
    for words, areas in (
        ("random genes, same lists and views", genes),
        ("same features, random views", views),
    ):
        beside = against_random(float(means[SHIPPED]), areas.mean(axis=1))
        rows.append(
            [
                words,
                beside.median,
                beside.p95,
                f"{beside.reached} of {beside.n}",
                f"{beside.p_value:.3g}",
                float(np.median(areas.min(axis=1))),
            ]
        )
    tables["controls"] = markdown(
        rows,
        [
            f"{given.draws} draws",
            "mean AUROC (median draw)",
            "95th percentile",
            "at least as good",
            "p",
            "least cohort (median draw)",
        ],
    )
    tables["count"] = (
        f"{len(tried)} designs (ridge strengths {', '.join(f'{s:g}' for s in STRENGTHS)}; "
        f"{len(AXES)} axes), seed {given.seed}, {given.draws} draws a control; best of all "
        f"{means[best]:.3f} ({best}), declared primary {means[PRIMARY]:.3f}."
    )
    for name, table in tables.items():
        print(f"\n{name}\n{table}")
    print(f"\n{time.perf_counter() - started:.0f} s")
    if given.write:
        text = PAGE.read_text(encoding="utf-8")
        for name, table in tables.items():
            start, end = f"<!-- {name} -->\n", f"<!-- end {name} -->"
            before, rest = text.split(start, 1)
            text = before + start + table + "\n" + end + rest.split(end, 1)[1]
        PAGE.write_text(text, encoding="utf-8")


def load_graded(name: str) -> pd.DataFrame:
    adata = load_cohort(name)
    return adata[adata.obs["severe"].notna().to_numpy()].to_df()


if __name__ == "__main__":
    main()
