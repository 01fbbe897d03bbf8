"""Every configuration that was tried for the transfer between cohorts, in its order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ifn_severity.features.definition import locate
from transfer_designs import (
    DATA,
    DEFINITION,
    IS_SCORE,
    SMALL,
    VIEWS,
    Design,
    Table,
    agreeing_trees,
    chosen_strength,
    features,
    mean_of,
    member,
    published_mean,
    published_table,
    stable_panel,
    stacked,
)

PRIMARY, SHIPPED = "committee", "views"


def views_of(table: Table, labels: np.ndarray) -> list[Table]:
    return [table.keep(labels == view) for view in np.unique(labels)]


def late(tables: Sequence[Table], families: Sequence[str] = ("ridge",), **how: bool) -> Design:
    return lambda names: mean_of([member(t, names, f, **how) for t in tables for f in families])


def all_designs(seed: int) -> dict[str, tuple[int, str, Design]]:
    """Every configuration tried: name to round, words, and how it is fitted."""
    panel = {c: d.of(locate(d.genes, DEFINITION.panel)) for c, d in DATA.items()}
    everything = Table({c: features(x) for c, x in panel.items()})
    scores, genes = everything.keep(IS_SCORE), everything.keep(~IS_SCORE)
    published = published_mean(published_table())
    axis = np.array([view.split()[-1] for view in VIEWS])
    family = (DEFINITION.features["group"] + " " + DEFINITION.features["family"]).to_numpy(str)
    ten = views_of(everything, VIEWS)
    score_views, gene_views = views_of(scores, VIEWS[IS_SCORE]), views_of(genes, VIEWS[~IS_SCORE])
    block = np.array([np.sqrt(np.sum(v == VIEWS) * len(ten) / len(VIEWS)) for v in VIEWS])
    three = ("ridge", "pls", "svm")
    committee, fused = late([scores, genes, everything], three), late(ten, three)
    centred = {
        c: x - np.nanmean(x[:, np.isfinite(x).all(axis=0)], axis=1, keepdims=True)
        for c, x in panel.items()
    }
    by_mean = views_of(Table({c: features(x) for c, x in centred.items()}), VIEWS)

    def weighted(power: float, extra: tuple[str, ...] = ()) -> Design:
        tables = views_of(Table(everything.X, power), VIEWS)
        design = late(tables, three)
        return lambda names: design((*names, *extra))

    found: dict[str, tuple[int, str, Design]] = {
        "ridge-pooled": (
            1,
            "scores + genes, cohorts not centred, strength chosen",
            chosen_strength(everything, centred=False),
        ),
        "ridge-centred": (
            1,
            "the same on centred cohorts",
            chosen_strength(everything, centred=True),
        ),
        "ridge-mean": (1, "averaged over strengths instead", late([everything])),
        "pls-mean": (1, "PLS, 1 to 4 components averaged", late([everything], ("pls",))),
        "six-views": (1, "five score views and all genes, averaged", late([*score_views, genes])),
        "six-views-stacked": (
            1,
            "non-negative weights learned",
            stacked(lambda names: [member(t, names) for t in [*score_views, genes]]),
        ),
        PRIMARY: (1, "{scores, genes, both} × {ridge, PLS, SVM}; declared primary", committee),
        "panel-genes": (1, "ridge on every gene of the lists", late([Table(panel)])),
        "stable-20": (1, "20 genes by stability selection", stable_panel(genes, seed=seed)),
        "trees": (1, "XGBoost, signs shared by all cohorts", agreeing_trees(everything, seed)),
        "published": (1, "mean of five published severity scores", published),
        "committee+published": (
            1,
            "half and half",
            lambda names: mean_of([committee(names), published(names)]),
        ),
        "score-views": (2, "five score views", late(score_views)),
        "gene-views": (2, "five gene views", late(gene_views)),
        SHIPPED: (2, "five score and five gene views: **shipped**", late(ten)),
        "joint-blocks": (
            2,
            "the ten views as blocks of one ridge",
            lambda names: member(everything, names, block=block),
        ),
        "family-views": (
            2,
            "one view a family of scores",
            late(views_of(scores, family[IS_SCORE])),
        ),
        "views×3": (2, "ten views × {ridge, PLS, SVM}", fused),
    }
    tenth = [d for n, (_, _, d) in found.items() if "published" not in n][:10]
    found |= {
        "grand-mean": (
            2,
            "mean of the ten unpublished designs of round 1",
            lambda names: mean_of([d(names) for d in tenth]),
        ),
        "views×3+small": (3, f"{SMALL} trained on too", weighted(0.0, (SMALL,))),
        "views×3-panel-mean": (3, "values minus the panel mean", late(by_mean, three)),
        "views×3+published": (
            3,
            "an eleventh view of published scores",
            lambda names: mean_of([fused(names), published(names)], np.array([10, 1]) / 11),
        ),
        "views×3-stacked": (
            3,
            "non-negative weights learned",
            stacked(lambda names: [late([t], three)(names) for t in ten]),
        ),
        "axis-views×3": (
            3,
            "scores and genes of an axis together",
            late(views_of(everything, axis), three),
        ),
        "views×3-sqrt": (4, "cohorts weighted by √(effective size)", weighted(0.5)),
        "views×3-size": (4, "by effective size", weighted(1.0)),
        "views×3-sqrt+small": (4, f"and {SMALL} too", weighted(0.5, (SMALL,))),
        "views×3-size+small": (4, f"and {SMALL} too", weighted(1.0, (SMALL,))),
        "views-projected": (
            5,
            "directions between cohorts projected out",
            late(ten, project=True),
        ),
    }
    return found
