"""An invented explanation whose parts are known exactly, of the size of a real one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from ifn_severity.evaluate import against_random
from ifn_severity.explain.attributions import Attributions
from ifn_severity.explain.result import POOLED, Answer, Explained, Patient, Stability
from ifn_severity.report.explanation import ExplanationReport
from ifn_severity.report.explanation_page import write_explanation_report

LEVELS = ["healthy", "mild", "moderate", "severe", "critical"]
FAMILIES = {
    "type I": ("interferon", "IFI27 IFI44L RSAD2 SIGLEC1 ISG15 MX1 IFIT1 OAS1 HERC5 XAF1"),
    "type II": ("interferon", "GBP1 GBP5 IDO1 IRF1 STAT1 WARS1"),
    "receptors and ISGF3": ("interferon", "IFNAR1 IFNAR2 STAT2 IRF9 JAK1 TYK2"),
    "negative regulators": ("interferon", "SOCS1 USP18 SOCS3"),
    "chemokines": ("cytokine", "CXCL10 CCL2 CXCL8"),
    "TNF/NF-κB": ("inflammation", "TNFAIP3 NFKBIA S100A12"),
    "IL-6/STAT3": ("inflammation", "IL6R STAT3 BCL3"),
    "myeloid": ("myeloid", "CEACAM8 MMP8 ELANE"),
    "composition": ("composition", "NCR3 CD8A GIMAP6"),
}
SIZES = {"GSE157103": 100, "GSE155454": 16, "schulte-cohort1": 27, "schulte-cohort2": 47}
WEIGHTS = {"IFI27": 0.5, "IFI44L": 0.3, "SIGLEC1": -0.4, "GBP1": 0.25, "S100A12": 0.7}
QUADRANTS = {
    (False, False): "low interferon, low inflammation",
    (True, False): "interferon only",
    (False, True): "inflammation only",
    (True, True): "both",
}
INTERVAL = ("low", "high")


def _observed(rng: np.random.Generator, sizes: dict[str, int]) -> pd.DataFrame:
    frames = []
    for cohort, n in sizes.items():
        names = [f"{cohort}:P{i:03d}" for i in range(n)]
        severity = rng.choice(["mild", "moderate", "severe", "critical"], n)
        severity[:4] = ["mild", "moderate", "severe", "critical"][: min(n, 4)]
        day = rng.integers(2, 24, n).astype(float)
        frames.append(
            pd.DataFrame(
                {
                    "cohort": cohort,
                    "patient": names,
                    "severity": pd.Categorical(severity, LEVELS, ordered=True),
                    "severe": np.isin(severity, ["severe", "critical"]).astype(float),
                    "days_since_onset": np.nan if cohort == "GSE157103" else day,
                },
                index=pd.Index(names, name="sample"),
            )
        )
    return pd.concat(frames)


def _attributions(
    rng: np.random.Generator, obs: pd.DataFrame, *, simulated: bool, more: int
) -> Attributions:
    about = {
        gene: (group, family)
        for family, (group, genes) in FAMILIES.items()
        for gene in genes.split()
    }
    about |= {f"X{i}": ("composition", "composition") for i in range(more)}
    genes = list(about)
    severe = obs["severe"].to_numpy()
    data = rng.normal(5, 1, (len(obs), len(genes))) + 0.4 * severe[:, None]
    type_i = [place for place, gene in enumerate(genes) if about[gene][1] == "type I"]
    data[:, type_i] += 2 * rng.normal(0, 1, (len(obs), 1)) - 0.8 * severe[:, None]
    weights = np.array([WEIGHTS.get(gene, rng.normal(0, 0.03)) for gene in genes])
    phi = (data - data.mean(axis=0)) * weights
    base = np.full(len(obs), -0.2)
    return Attributions(
        model="transfer-demo",
        cohort="+".join(dict.fromkeys(obs["cohort"])),
        simulated=simulated,
        held_out=True,
        values=pd.DataFrame(phi, obs.index, genes),
        base=base,
        margin=base + phi.sum(axis=1),
        data=pd.DataFrame(data, obs.index, genes),
        features=pd.DataFrame(
            {
                "kind": "gene",
                "group": [about[gene][0] for gene in genes],
                "family": [about[gene][1] for gene in genes],
                "label": genes,
            },
            index=genes,
        ),
        obs=obs,
    )


def _ranking(rng: np.random.Generator, given: Attributions, genes: list[str]) -> pd.DataFrame:
    size = given.values[genes].abs().mean()
    rank = rankdata(-size.to_numpy(), method="ordinal").astype(int)
    sign = [
        int(np.sign(WEIGHTS.get(gene, 0.02 if i % 2 else -0.02))) for i, gene in enumerate(genes)
    ]
    table = pd.DataFrame(
        {
            "rank": rank,
            "family": given.features["family"].reindex(genes).to_numpy(),
            "mean_abs_shap": size.to_numpy(),
            "low": 0.7 * size.to_numpy(),
            "high": 1.4 * size.to_numpy(),
            "rank_low": np.maximum(rank - rng.integers(0, 4, rank.size), 1),
            "rank_high": rank + rng.integers(0, 9, rank.size),
            "p_top10": np.clip(1.15 - 0.05 * rank, 0, 1),
            "sign": sign,
            "sign_stability": np.clip(1.02 - 0.01 * rank, 0, 1),
            "direction": [
                f"higher expression, {'higher' if s > 0 else 'lower'} predicted risk" for s in sign
            ],
            "cohorts_agree": "3 of 4",
            "caution": "",
            "exchangeable": "",
            "stand_in": "",
            "share": (size / given.values.abs().mean().sum()).to_numpy(),
            "group": given.features["group"].reindex(genes).to_numpy(),
            "interferon": (given.features["group"].reindex(genes) == "interferon").to_numpy(),
        },
        index=pd.Index(genes, name="gene"),
    )
    return table.sort_values("rank")


def _effects(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """Slopes, AUROCs and fold changes with intervals around them."""
    auroc, fold = rng.uniform(0.2, 0.8, n), rng.normal(0, 0.9, n)
    return {
        "n_mild": rng.integers(8, 50, n),
        "n_severe": rng.integers(8, 50, n),
        "mean_abs_shap": rng.uniform(0, 0.5, n),
        "sign_stability": rng.uniform(0.5, 1, n),
        "slope": rng.normal(0, 0.3, n),
        "auroc": auroc,
        "auroc_low": np.maximum(auroc - 0.1, 0),
        "auroc_high": np.minimum(auroc + 0.1, 1),
        "log2_fold_change": fold,
        "fold_low": fold - 0.5,
        "fold_high": fold + 0.5,
    }


def _long(
    rng: np.random.Generator, genes: list[str], obs: pd.DataFrame
) -> tuple[pd.DataFrame, ...]:
    cohorts = list(dict.fromkeys(obs["cohort"]))
    names = cohorts + ([POOLED] if len(cohorts) > 1 else [])
    pairs = pd.MultiIndex.from_product([genes, names], names=["gene", "cohort"])
    whole = pairs.to_frame(index=False).assign(**_effects(rng, len(pairs)))
    whole = whole.assign(rank=3, rank_low=1, rank_high=9, p_top10=0.8)
    dated = [name for name in names if name != "GSE157103"]
    triples = pd.MultiIndex.from_product(
        [genes, dated, ["early", "late"]], names=["gene", "cohort", "stage"]
    )
    return whole, triples.to_frame(index=False).assign(**_effects(rng, len(triples)))


def _families(
    rng: np.random.Generator, given: Attributions, cohorts: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    by_family = given.values.T.groupby(given.features["family"].to_numpy()).sum().T
    gross = given.values.abs().T.groupby(given.features["family"].to_numpy()).sum().sum(axis=1)
    net = by_family.abs().mean()
    severe = given.obs["severe"] == 1
    numbers = given.features.groupby("family")
    table = pd.DataFrame(
        {
            "group": numbers["group"].first(),
            "interferon": numbers["group"].first() == "interferon",
            "n_genes": numbers.size(),
            "share": gross / gross.sum(),
            "net_share": net / net.sum(),
            "net_mean_abs": net,
            "net_severe": by_family[severe].mean(),
            "net_mild": by_family[~severe].mean(),
        }
    )
    for name in ("share", "net_share"):
        table[f"{name}_low"], table[f"{name}_high"] = 0.8 * table[name], 1.25 * table[name]
    table = table.rename_axis("family").sort_values("share", ascending=False)
    long = pd.concat(
        table.reset_index()
        .assign(cohort=cohort, net_share=lambda t: t["net_share"] * rng.uniform(0.7, 1.3, len(t)))
        .loc[
            :, ["family", "cohort", "share", "net_share", "net_mean_abs", "net_severe", "net_mild"]
        ]
        for cohort in cohorts
    )
    return table, long.reset_index(drop=True), by_family


def _interactions(cohorts: list[str]) -> pd.DataFrame:
    rows = [
        {"interaction": f"interferon × {other}", "kind": "product term", "cohort": cohort}
        | {"without": 0.8, "with_": 0.81, "difference": 0.01, "low": -0.02, "high": 0.04}
        | {"coefficient": -0.3 + 0.1 * place, "mean_abs": np.nan, "share": np.nan, "words": ""}
        for other in ("inflammation", "day since onset")
        for place, cohort in enumerate(["mean", *cohorts])
        if (other, cohort) != ("day since onset", "GSE157103")
    ]
    unknown = dict.fromkeys(
        ("without", "with_", "difference", "low", "high", "coefficient"), np.nan
    )
    shap = {"interaction": "interferon × inflammation", "kind": "SHAP interaction"}
    shap |= {"cohort": "mean", "mean_abs": 0.04, "share": 0.031}
    shap["words"] = "Interferon and inflammation act almost independently in this model."
    rows[0]["words"] = "Adding interferon × inflammation does not change the held-out AUROC."
    return pd.DataFrame([*rows, shap | unknown])


def _evidence(rng: np.random.Generator, ranking: pd.DataFrame) -> pd.DataFrame:
    lead = ranking.head(12)
    effects = _effects(rng, len(lead))
    named = ("auroc", "auroc_low", "auroc_high", "log2_fold_change", "fold_low", "fold_high")
    table = pd.DataFrame({name: effects[name] for name in named}, index=lead.index)
    gain = rng.normal(0.004, 0.004, len(lead))
    agrees = np.arange(len(lead)) % 3 != 0
    return table.assign(
        mean_abs_shap=lead["mean_abs_shap"],
        sign=lead["sign"],
        permutation_importance=gain,
        permutation_low=gain - 0.004,
        permutation_high=gain + 0.004,
        coefficient=lead["sign"] * lead["mean_abs_shap"],
        coefficient_of="logistic regression on the same features",
        agrees=agrees,
        agreement=np.where(agrees, "agrees in all four", "its own effect points the other way"),
        review="",
    )


def _where(cohorts: list[str]) -> pd.DataFrame:
    rows = []
    for place, cohort in enumerate(["mean", *cohorts]):
        for stage in ("all", "early", "late"):
            if cohort == "GSE157103" and stage != "all":
                continue
            gain = 0.01 + 0.02 * (stage == "early") - 0.005 * place
            rows.append(
                {"cohort": cohort, "stage": stage, "n_mild": 12, "n_severe": 14}
                | {"with_": 0.85 + gain, "without": 0.85, "difference": gain}
                | {"low": gain - 0.04, "high": gain + 0.04, "alone": 0.35 + 0.08 * place}
                | {"share": 0.3 + 0.02 * place}
            )
    return pd.DataFrame(rows)


def _plane(given: Attributions) -> tuple[pd.DataFrame, pd.DataFrame]:
    interferon = given.data[["IFI27", "IFI44L", "RSAD2"]].mean(axis=1)
    inflammation = given.data[["S100A12", "NFKBIA"]].mean(axis=1)
    cohort = given.obs["cohort"]
    cut = pd.DataFrame(
        {
            "interferon": interferon.groupby(cohort).median(),
            "inflammation": inflammation.groupby(cohort).median(),
            "basis": "median of the mild patients",
        }
    )
    high = [
        (interferon[name] > cut["interferon"][home], inflammation[name] > cut["inflammation"][home])
        for name, home in cohort.items()
    ]
    named = given.obs[["cohort", "severity", "severe", "days_since_onset"]]
    plane = named.assign(
        interferon=interferon,
        inflammation=inflammation,
        quadrant=[QUADRANTS[bool(i), bool(j)] for i, j in high],
        margin=given.margin,
        interferon_net=given.values.loc[:, given.features["group"] == "interferon"].sum(axis=1),
    )
    return plane, cut


def _patient(given: Attributions, plane: pd.DataFrame, sample: str, why: str) -> Patient:
    at = list(given.values.index).index(sample)
    phi = given.values.loc[sample].sort_values(key=np.abs, ascending=False)
    about = given.features.loc[phi.index]
    margin = float(given.margin[at])
    return Patient(
        sample=sample,
        why=why,
        held_out=True,
        base=float(given.base[at]),
        margin=margin,
        probability=float(1 / (1 + np.exp(-margin))),
        saved_probability=0.7,
        threshold=0.5,
        waterfall=pd.DataFrame(
            {
                "shap": phi,
                "expression": given.data.loc[sample, phi.index],
                "usual": given.data.mean()[phi.index],
                "percentile": 50.0,
                "group": about["group"],
                "family": about["family"],
                "interferon": about["group"] == "interferon",
            }
        ),
        families=pd.DataFrame({"net": phi.groupby(about["family"]).sum(), "interferon": False}),
        interferon=float(plane.loc[sample, "interferon"]),
        inflammation=float(plane.loc[sample, "inflammation"]),
        quadrant=str(plane.loc[sample, "quadrant"]),
        neighbours=pd.DataFrame(
            {
                "sample": ["GSE157103:P005", "GSE157103:P006"],
                "cohort": "GSE157103",
                "severity": ["severe", "mild"],
                "severe": [1.0, 0.0],
                "days_since_onset": [7.0, np.nan],
                "probability": [0.8, 0.41],
                "distance": [0.31, 0.36],
            }
        ),
        words=(f"{sample} is predicted severe because S100A12 is high.", "Interferon lowers it."),
    )


def explained_of(
    sizes: dict[str, int] | None = None, *, simulated: bool = False, more: int = 20
) -> Explained:
    """All tables of an explanation, agreeing with each other where a reader would compare."""
    rng = np.random.default_rng(7)
    obs = _observed(rng, sizes or SIZES)
    cohorts = list(dict.fromkeys(obs["cohort"]))
    given = _attributions(rng, obs, simulated=simulated, more=more)
    genes = _ranking(rng, given, list(given.values.columns))
    interferon = _ranking(rng, given, list(genes.index[genes["interferon"]]))
    interferon = interferon.drop(columns=["group", "interferon"])
    members = ("IFI27", "IFI44L", "RSAD2")
    interferon.loc[list(members), "exchangeable"] = "IFI27 group"
    interferon.loc["RSAD2", "stand_in"] = "stands in for IFI27: no effect of its own"
    interferon.loc["SIGLEC1", "caution"] = "raises the risk early and lowers it late."
    by_cohort, by_stage = _long(rng, list(interferon.index), obs)
    families, families_by_cohort, family_values = _families(rng, given, cohorts)
    plane, cutpoints = _plane(given)
    draws = rng.normal(0.84, 0.02, 100)
    order = np.argsort(given.margin)
    chosen = [(order[-1], "highest predicted risk"), (order[0], "lowest predicted risk")]
    return Explained(
        features=given,
        gene_level=given,
        saved=replace(given, held_out=False),
        interferon=interferon,
        genes=genes,
        by_cohort=by_cohort,
        by_stage=by_stage,
        exchangeable=pd.DataFrame(
            [
                {"group": "IFI27 group", "lead": "IFI27", "members": members, "n": 3}
                | {"min_rho": 0.81, "mean_rho": 0.88, "mean_abs_shap": 0.8, "share": 0.2}
                | {"interferon": True, "words": "IFI27, IFI44L and RSAD2 stand in for each other."}
            ]
        ),
        stand_ins=pd.DataFrame(
            {
                "stands_in_for": "IFI27",
                "rho": 0.9,
                "partial": 0.02,
                "partial_low": -0.1,
                "partial_high": 0.14,
                "partial_of_other": 0.4,
                "words": "RSAD2 follows IFI27 (ρ 0.90) and adds nothing beside it.",
            },
            index=pd.Index(["RSAD2"], name="gene"),
        ),
        families=families,
        families_by_cohort=families_by_cohort,
        family_values=family_values,
        family_method="Exact for a linear model: sums over a family.",
        interactions=_interactions(cohorts),
        evidence=_evidence(rng, interferon),
        where=_where(cohorts),
        plane=plane,
        cutpoints=cutpoints,
        random_aurocs=tuple(draws),
        answer=Answer(
            **{"share": 0.4, "share_low": 0.35, "share_high": 0.46, "net_share": 0.3},
            **{"net_share_low": 0.25, "net_share_high": 0.36, "auroc_with": 0.86},
            **{"auroc_without": 0.85, "difference": 0.01, "difference_low": -0.02},
            **{"difference_high": 0.04, "p_value": 0.5},
            **{"random": against_random(0.86, draws), "found_with": ()},
            **{"n_cohorts": len(cohorts), "n_samples": len(obs), "n_patients": len(obs)},
            **{"n_flipped": 9, "n_led": 41, "n_counted": len(cohorts)},
            genes_chosen=False,
        ),
        stability=Stability(
            refits=200, split_half=0.93, between_draws=0.5, overlap=6.4, stable=True
        ),
        patients=tuple(
            _patient(given, plane, str(given.values.index[at]), why) for at, why in chosen
        ),
        design="Each cohort was explained by a model trained on the others.",
        allocation="Scores are means of genes, so their attribution was split by weight.",
        words=("Interferon genes carry 40 % of the decision.", "They do not change the AUROC."),
        cautions=("An attribution says what the model used, not what causes severe disease.",),
        seconds={"attributions": 1.2},
    )


@pytest.fixture(scope="session")
def make_explained() -> Callable[..., Explained]:
    return explained_of


@pytest.fixture(scope="session")
def explained() -> Explained:
    return explained_of()


@pytest.fixture(scope="session")
def bare_explained() -> Explained:
    """As little as an explanation can have: one cohort, no days, no refits, nothing beside."""
    full = explained_of({"GSE157103": 12})
    unknown = np.nan
    nothing = ("by_stage", "exchangeable", "stand_ins", "interactions", "evidence", "where")
    intervals = {"low": unknown, "high": unknown, "rank_low": unknown, "rank_high": unknown}
    intervals |= {"p_top10": unknown, "sign_stability": unknown, "exchangeable": ""}
    intervals |= {"stand_in": "", "caution": "", "cohorts_agree": "1 of 1"}
    named = [f"{name}_{end}" for name in ("share", "net_share") for end in INTERVAL]
    answer = dict.fromkeys(("auroc_with", "auroc_without", "difference"), unknown)
    return replace(
        full,
        **{name: getattr(full, name).iloc[:0] for name in nothing},
        interferon=full.interferon.assign(**intervals),
        families=full.families.assign(**dict.fromkeys(named, unknown)),
        random_aurocs=(),
        answer=replace(full.answer, **answer, random=against_random(unknown, [])),
        stability=Stability(0, unknown, unknown, unknown, None),
        patients=(replace(full.patients[0], neighbours=full.patients[0].neighbours.iloc[:0]),),
    )


def report_of(explained: Explained, **changes: object) -> ExplanationReport:
    given = {
        "facts": {"Trained on": ["GSE157103", "GSE155454"], "Feature set": "interferon"},
        "metrics": {"AUROC": (0.89, 0.82, 0.94), "Brier score": 0.13},
        "versions": {"shap": "0.51.0"},
        "citations": ["Lundberg SM et al. 2020, doi:10.1038/s42256-019-0138-9"],
        "limits": ["One hospital."],
        "tables_folder": "explain_tables",
    } | changes
    return ExplanationReport(explained, **given)


@pytest.fixture(scope="session")
def make_report() -> Callable[..., ExplanationReport]:
    return report_of


@pytest.fixture(scope="session")
def drawing_seconds() -> list[float]:
    """CPU time that drawing the whole report took, once it is drawn."""
    return []


@pytest.fixture(scope="session")
def simulated_page(tmp_path_factory: pytest.TempPathFactory, drawing_seconds: list[float]) -> Path:
    """A whole report, drawn once for all tests that look at it."""
    report = report_of(explained_of(simulated=True, more=900))
    path = tmp_path_factory.mktemp("explanation") / "report.html"
    start = time.process_time()
    write_explanation_report(path, report)
    drawing_seconds.append(time.process_time() - start)
    return path
