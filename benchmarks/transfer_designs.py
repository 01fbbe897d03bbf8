"""The designs that benchmarks/model_selection.py compares: data, linear members, combinations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from ifn_severity.classify import feature_views
from ifn_severity.classify.transfer import cohort_weights
from ifn_severity.classify.views import STRENGTHS
from ifn_severity.cohorts import load_cohort
from ifn_severity.evaluate import auroc
from ifn_severity.features import feature_definition, load_catalogue, reference_genes
from ifn_severity.features.definition import locate
from ifn_severity.features.reference import OFFSET, reference_profile, size_factors

JUDGED = ("GSE157103", "GSE155454", "schulte-cohort1", "schulte-cohort2")
SMALL = "GSE152418"
COHORTS = (*JUDGED, SMALL)
DEFINITION = feature_definition("all")
VIEWS = feature_views(DEFINITION.features.index)
IS_SCORE = np.char.startswith(VIEWS, "score")
AXES = ("interferon", "cytokine", "inflammation", "myeloid", "composition")

Model = Callable[[str], np.ndarray]
Design = Callable[[tuple[str, ...]], Model]


@dataclass
class Cohort:
    """One cohort: log2 expression against the reference genes, labels, patients."""

    genes: list[str]
    level: np.ndarray
    y: np.ndarray
    patients: np.ndarray

    def of(self, positions: np.ndarray) -> np.ndarray:
        """Levels of genes by position, NaN where it is -1."""
        values = self.level[:, positions].copy()
        values[:, positions < 0] = np.nan
        return values


def read(name: str) -> Cohort:
    adata = load_cohort(name)
    adata = adata[adata.obs["severe"].notna().to_numpy()]
    frame = adata.to_df()
    linear = np.exp2(frame.to_numpy(dtype=float)) - 1.0
    at = locate(frame.columns, reference_genes())
    usual = np.array(list(reference_profile().values()))[at >= 0]
    size = size_factors(linear[:, at[at >= 0]], usual)
    y, patients = adata.obs["severe"].to_numpy(int), adata.obs["patient"].to_numpy(str)
    return Cohort(list(frame.columns), np.log2(linear / size[:, None] + OFFSET), y, patients)


DATA = {name: read(name) for name in COHORTS}


def features(level: np.ndarray) -> np.ndarray:
    """Scores and genes of the set "all" from the levels of its panel, NaN where absent."""
    present = np.isfinite(level).all(axis=0)
    coefficients = DEFINITION.coefficients(present)
    absent = np.isnan(coefficients).any(axis=0)
    out = np.where(present, level, 0.0) @ np.where(absent, 0.0, coefficients)
    out[:, absent] = np.nan
    return out


def weights_of(names: Sequence[str]) -> np.ndarray:
    y = np.concatenate([DATA[c].y for c in names])
    patients = np.concatenate([DATA[c].patients for c in names])
    return cohort_weights(y, patients, np.repeat(names, [len(DATA[c].y) for c in names]))


def labels_of(names: Sequence[str]) -> np.ndarray:
    return np.concatenate([DATA[c].y for c in names])


@dataclass(eq=False)
class Table:
    """One view: a matrix a cohort, and what has been fitted on it."""

    X: dict[str, np.ndarray]
    power: float = 0.0
    memo: dict[tuple[object, ...], object] = field(default_factory=dict)

    def keep(self, columns: np.ndarray) -> Table:
        """Return a view of some columns."""
        return Table({c: x[:, columns] for c, x in self.X.items()}, self.power)

    def weights(self, names: tuple[str, ...]) -> np.ndarray:
        """Cohorts count by effective size to this power: 0 alike, 1 as they are large."""
        w, sizes = weights_of(names), [len(DATA[c].y) for c in names]
        effective = []
        for c in names:
            n = [len(np.unique(DATA[c].patients[DATA[c].y == k])) for k in (0, 1)]
            effective.append(2.0 / (1.0 / n[0] + 1.0 / n[1]))
        w = w * np.repeat(np.array(effective) ** self.power, sizes)
        return w * len(w) / w.sum()

    def aligned(self, names: tuple[str, ...], centred: bool = True) -> tuple[np.ndarray, ...]:
        """Standardised rows, weights, the frozen centre and the scale."""
        key = ("aligned", names, centred)
        if key not in self.memo:
            w, starts = self.weights(names), np.cumsum([len(DATA[c].y) for c in names])[:-1]
            centres = np.array(
                [p @ self.X[c] / p.sum() for c, p in zip(names, np.split(w, starts), strict=True)]
            )
            known = np.isfinite(centres)
            middle = np.where(known, centres, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
            Z = np.vstack(
                [self.X[c] - (centres[i] if centred else middle) for i, c in enumerate(names)]
            )
            Z = np.where(np.isnan(Z), 0.0, Z)
            rest = w @ Z / w.sum()
            Z, middle = Z - rest, middle + rest
            scale = np.sqrt(w @ Z**2 / w.sum())
            scale = np.where(scale < 1e-9, 1.0, scale)
            self.memo[key] = (Z / scale, w, middle, scale, centres)
        return self.memo[key]  # type: ignore[return-value]

    def standardised(self, cohort: str, middle: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Return a cohort's rows as a model sees them; absent genes count as usual."""
        return np.nan_to_num((self.X[cohort] - middle) / scale)


def unit(Z: np.ndarray, b: np.ndarray, w: np.ndarray) -> np.ndarray:
    own = Z @ b
    spread = np.sqrt(np.average((own - np.average(own, weights=w)) ** 2, weights=w))
    return b / spread if spread > 1e-12 else np.zeros_like(b)


def ridges(T: np.ndarray, y: np.ndarray, w: np.ndarray, strengths: Sequence[float]) -> list:
    each = [LogisticRegression(C=c, tol=1e-6, max_iter=10_000) for c in strengths]
    return [m.fit(T, y, sample_weight=w).coef_[0] for m in each]


def machines(T: np.ndarray, y: np.ndarray, w: np.ndarray) -> list:
    each = [
        LinearSVC(C=c, dual=False, tol=1e-6, fit_intercept=False, max_iter=20_000)
        for c in (1e-4, 1e-3, 1e-2)
    ]
    return [m.fit(T, y, sample_weight=w).coef_[0] for m in each]


def partial_least_squares(T: np.ndarray, y: np.ndarray, w: np.ndarray, most: int = 4) -> list:
    """Weighted PLS1 with one to ``most`` components."""
    root = np.sqrt(w)
    E, f = T * root[:, None], root * (y - np.average(y, weights=w))
    W, P, q, out = [], [], [], []
    for _ in range(min(most, T.shape[1])):
        a = E.T @ f
        a /= np.linalg.norm(a)
        t = E @ a
        p, b = E.T @ t / (t @ t), f @ t / (t @ t)
        E, f = E - np.outer(t, p), f - b * t
        W, P, q = [*W, a], [*P, p], [*q, b]
        rotation = np.array(W).T
        out.append(rotation @ np.linalg.solve(np.array(P) @ rotation, np.array(q)))
    return out


FAMILIES = {
    "ridge": lambda T, y, w: ridges(T, y, w, STRENGTHS),
    "pls": partial_least_squares,
    "svm": machines,
}


def member(
    table: Table,
    names: tuple[str, ...],
    family: str = "ridge",
    *,
    centred: bool = True,
    strength: float | None = None,
    block: np.ndarray | None = None,
    project: bool = False,
) -> Model:
    """One linear family on one view, averaged over its strengths, at unit spread."""
    key = ("member", names, family, centred, strength, block is not None, project)
    if key not in table.memo:
        Z, w, middle, scale, centres = table.aligned(names, centred)
        y, shrink = labels_of(names), 1.0 if block is None else block
        rows = Z / shrink
        if project:
            shift = np.nan_to_num((centres - middle) / scale)
            _, s, vt = np.linalg.svd(shift, full_matrices=False)
            away = vt[s > 1e-9 * max(float(s.max(initial=0.0)), 1.0)]
            rows = rows - (rows @ away.T) @ away
        U, S, Vt = np.linalg.svd(rows, full_matrices=False)
        some = 1e-9 * max(float(S.max(initial=0.0)), 1.0) < S
        b = np.zeros(Z.shape[1])
        if some.any():
            T = U[:, some] * S[some]
            fits = FAMILIES[family](T, y, w) if strength is None else ridges(T, y, w, [strength])
            b = np.mean([unit(rows, fit @ Vt[some], w) for fit in fits], axis=0) / shrink
        table.memo[key] = (middle, scale, unit(Z, b, w))
    middle, scale, b = table.memo[key]  # type: ignore[misc]
    return lambda cohort: table.standardised(cohort, middle, scale) @ b


def mean_of(models: Sequence[Model], weights: np.ndarray | None = None) -> Model:
    w = np.full(len(models), 1.0 / len(models)) if weights is None else weights
    return lambda cohort: sum(v * m(cohort) for v, m in zip(w, models, strict=True))


def inner_auroc(design: Design, names: tuple[str, ...]) -> float:
    """Mean AUROC of each training cohort, predicted by the other training cohorts."""
    return float(
        np.mean([auroc(DATA[t].y, design(tuple(c for c in names if c != t))(t))[0] for t in names])
    )


def chosen_strength(table: Table, *, centred: bool) -> Design:
    """Ridge whose strength is chosen by inner leave-one-cohort-out."""

    def fixed(strength: float) -> Design:
        return lambda names: member(table, names, centred=centred, strength=strength)

    def design(names: tuple[str, ...]) -> Model:
        if len(names) < 2:
            return fixed(1e-3)(names)
        return fixed(max(STRENGTHS, key=lambda s: inner_auroc(fixed(s), names)))(names)

    return design


def stacked(parts: Callable[[tuple[str, ...]], list[Model]]) -> Design:
    """Non-negative weights of the parts, learned by inner leave-one-cohort-out."""

    def design(names: tuple[str, ...]) -> Model:
        models = parts(names)
        if len(names) < 2:
            return mean_of(models)
        rows, w = [], weights_of(names)
        for t in names:
            held = np.column_stack([m(t) for m in parts(tuple(c for c in names if c != t))])
            rows.append(held - np.average(held, axis=0, weights=weights_of([t])))
        M, sign = np.vstack(rows), np.where(labels_of(names) == 1, 1.0, -1.0)

        def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
            edge = sign * (M @ b)
            pull = sign * w / (1.0 + np.exp(edge))
            return float(w @ np.logaddexp(0, -edge) + b @ b / 2), b - M.T @ pull

        start, bounds = np.full(M.shape[1], 0.3), [(0, None)] * M.shape[1]
        b = minimize(loss, start, jac=True, bounds=bounds).x
        return mean_of(models, b / b.sum()) if b.sum() > 0 else mean_of(models)

    return design


def stable_panel(table: Table, size: int = 20, halves: int = 50, seed: int = 0) -> Design:
    """Ridge on the genes most often among the best in random halves of the patients."""

    def design(names: tuple[str, ...]) -> Model:
        key = ("stable", names)
        if key not in table.memo:
            Z, w, *_ = table.aligned(names)
            y, rng = labels_of(names), np.random.default_rng(seed)
            who = np.concatenate([[f"{c}:{p}" for p in DATA[c].patients] for c in names])
            people, which = np.unique(who, return_inverse=True)
            count = np.zeros(Z.shape[1])
            for _ in range(halves):
                part = w * (rng.permutation(len(people)) < len(people) // 2)[which]
                high, low = (part * (y == k) / (part * (y == k)).sum() @ Z for k in (1, 0))
                rest = Z - np.where(y[:, None] == 1, high, low)
                effect = np.abs(high - low) / np.sqrt(part @ rest**2 / part.sum() + 1e-3)
                count[np.argsort(-effect)[:size]] += 1
            table.memo[key] = table.keep(np.argsort(-count, kind="stable")[:size])
        return member(table.memo[key], names)  # type: ignore[arg-type]

    return design


def agreeing_trees(table: Table, seed: int = 0) -> Design:
    """XGBoost on the features whose sign all training cohorts share, monotone in each."""

    def design(names: tuple[str, ...]) -> Model:
        from xgboost import XGBClassifier

        key = ("trees", names)
        if key not in table.memo:
            Z, w, *_ = table.aligned(names)
            y, origin = labels_of(names), np.repeat(names, [len(DATA[c].y) for c in names])
            signs = []
            for c in names:
                high, low = ((w * (y == k) * (origin == c)) @ Z for k in (1, 0))
                signs.append(np.where(np.abs(high - low) < 1e-9, 0.0, np.sign(high - low)))
            S = np.array(signs)  # 0 where a cohort lacks the gene
            S = np.where(S == 0, np.clip(S.sum(axis=0), -1, 1), S)
            shared = S[0] * (S[0] == S).all(axis=0)
            kept = np.flatnonzero(shared)
            trees = XGBClassifier(
                max_depth=2,
                n_estimators=150,
                learning_rate=0.1,
                subsample=0.8,
                colsample_bynode=0.2,
                reg_lambda=5,
                tree_method="hist",
                max_bin=32,
                n_jobs=1,
                random_state=seed,
                monotone_constraints=tuple(int(v) for v in shared[kept]),
            ).fit(Z[:, kept], y, sample_weight=w)
            spread = float(np.std(trees.predict(Z[:, kept], output_margin=True)))
            table.memo[key] = (kept, trees, spread)
        kept, trees, spread = table.memo[key]  # type: ignore[misc]
        _, _, middle, scale, _ = table.aligned(names)

        def predict(cohort: str) -> np.ndarray:
            z = table.standardised(cohort, middle, scale)[:, kept]
            return trees.predict(z, output_margin=True).astype(float) / spread

        return predict

    return design


def published_table() -> Table:
    """Five published severity scores, each in its published direction."""
    catalogue = load_catalogue()

    def score(cohort: Cohort, name: str) -> np.ndarray:
        s = catalogue[name]
        return np.nanmean(cohort.of(locate(cohort.genes, s.genes)) * np.array(s.signs), axis=1)

    X = {}
    for name, c in DATA.items():
        modules = [score(c, f"SoM_module{i}") for i in (1, 2, 3, 4)]
        subspace = [
            score(c, f"SUBSPACE_{m}") for m in ("myeloid_detrimental", "lymphoid_protective")
        ]
        single = [score(c, s) for s in ("Guardela50", "sViP20", "SepsisMetaScore")]
        X[name] = np.column_stack([sum(modules), sum(subspace), *single])
    return Table(X)


def published_mean(table: Table) -> Design:
    """Equal weights in the published direction: only centre and scale are learned."""

    def design(names: tuple[str, ...]) -> Model:
        Z, w, middle, scale, _ = table.aligned(names)
        b = unit(Z, np.ones(Z.shape[1]), w)
        return lambda cohort: table.standardised(cohort, middle, scale) @ b

    return design
