"""Estimate the parameters of the simulated cohort on real cohorts.

    IFN_SEVERITY_MIRROR=DIR python tools/estimate_simulation_parameters.py

Reads GSE157103 (levels, correlations, effects of severity, age and sex in whole blood) and
both Schulte-Schrepping cohorts (the course of interferon genes over the days since onset,
and XIST, which GSE157103 lacks) and writes the tables in
``src/ifn_severity/cohorts/simulation``. Genes: those of the signature catalogue that
GSE157103 measures (the others are left out), and a background of variable and of stable
ones. What is written are rounded summaries over whole cohorts, classes or sexes; the factor
scores, and with them anything that belongs to one patient, are dropped. The same input gives
the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import io
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm, rankdata

from ifn_severity.cohorts.simulate_parameters import (
    AGE_CENTRE,
    FACTOR,
    GENES_FILE,
    PATIENTS_FILE,
    PROGRAMS_FILE,
    severe_activity,
)
from ifn_severity.cohorts.store import load_cohort
from ifn_severity.features import reference_genes
from ifn_severity.genes import gene_table

PACKAGE = Path(__file__).parent.parent / "src" / "ifn_severity"
TARGET = PACKAGE / "cohorts" / "simulation"
COMMAND = "IFN_SEVERITY_MIRROR=DIR python tools/estimate_simulation_parameters.py"
LEVELS = "GSE157103"
COURSES = ("schulte-cohort1", "schulte-cohort2")
TURNOVER = "schulte-cohort2"  # the only one with enough severe samples on both sides of day 10

# Genes that make severity. Each is in the catalogue, clearly expressed in whole blood, and
# changed in GSE157103; interferon genes are chosen for the course, not for that contrast.
DRIVERS = {
    "interferon": "IFI27 IFI44L IFI44 RSAD2 ISG15 SIGLEC1 IFIT1 IFIT3 OAS1 OAS3 MX1 USP18 IFI6 "
    "HERC5",
    "inflammation": "IL1R2 IL1R1 IL18R1 IL18RAP S100A12 IRAK3 GADD45A LRG1 IL4R UPP1",
    "neutrophil": "ARG1 MMP8 CD177 CEACAM8 LCN2 MMP9 OLFM4 ANXA3 MCEMP1 ORM1",
    "antigen_presentation": "HLA-DMA HLA-DMB HLA-DPA1 HLA-DPB1 HLA-DRA CD74 CIITA",
    "lymphoid": "CD3E CD2 LCK ZAP70 IL2RB GZMA KLRK1 CX3CR1 CCR5 FASLG CCL5 EOMES",
}
ISG = ["IFI27", "IFI44L", "IFIT1", "ISG15", "RSAD2", "SIGLEC1"]
SEX_LINKED = ["RPS4Y1", "DDX3Y", "EIF1AY", "KDM5D", "UTY", "USP9Y", "ZFY"]
HOUSEKEEPING = ["ACTB", "GAPDH", "B2M", "RPLP0", "PPIA", "TBP", "HPRT1", "PGK1", "UBC", "YWHAZ"]

N_FACTORS = 15
N_VARIABLE, N_STABLE = 750, 750
SHADOW_CORRELATION = 0.8
# effects in the cohort where genes were picked are too large; this is the usual remedy
EFFECT_SCALE = 0.7
EARLY_UNTIL = 10.0
CEILING_SD = 3.0
# chosen, not estimated: two small cohorts cannot place the middle of the change
MIDPOINT, WIDTH = 9.0, 2.0
# chosen so that five-fold cross-validation on 120 patients reaches what it does on real ones
SPREAD = {"interferon": 0.6}
SPREAD_OTHERS = 0.55
SHARED = {"interferon": 0.0}
SHARED_OTHERS = 0.5


def read_cohort(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return log2 expression (samples × current symbols) and what is known of each sample."""
    adata = load_cohort(name)
    values = pd.DataFrame(
        np.asarray(adata.X, np.float64), index=adata.obs_names, columns=adata.var_names
    )
    return values, adata.obs


def fit(values: pd.DataFrame, obs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Regress genes on class, age and sex; return the effects and standardised residuals."""
    design = np.column_stack(
        [
            np.ones(len(obs)),
            obs["severe"] - 0.5,
            (obs["age"].fillna(AGE_CENTRE) - AGE_CENTRE) / 10,
            (obs["sex"] == "male") - 0.5,
        ]
    )
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ values.to_numpy()
    residuals = values.to_numpy() - design @ coefficients
    sd = np.sqrt((residuals**2).sum(axis=0) / (len(obs) - design.shape[1]))
    safe = np.where(sd > 0, sd, 1.0)
    t = coefficients / (np.sqrt(np.diag(inverse))[:, None] * safe)
    # zero below |t| = 2, nearly untouched when the effect is clear
    shrunk = coefficients * np.clip(1 - 4 / np.maximum(t**2, 1e-9), 0, None)
    genes = pd.DataFrame(
        {
            "observed": values.mean(),
            "zeros": (values == 0).mean(),
            "sd": sd,
            # where nature ends: a normal tail would make some patients all haemoglobin
            "ceiling": values.mean() + CEILING_SD * values.std(),
            "severe": shrunk[1],
            "age": shrunk[2],
            "sex": shrunk[3],
        },
        index=values.columns,
    )
    return genes, pd.DataFrame(residuals / safe, index=values.index, columns=values.columns)


def latent_scale(genes: pd.DataFrame) -> pd.DataFrame:
    """Replace mean and spread of genes with zeros by those of a normal variable cut off at zero.

    If P(y < 0) is the share of zeros and E[max(y, 0)] the mean, then with z = mean / sd of y:
    sd = E / (z Φ(z) + φ(z)).
    """
    zeros = genes["zeros"].clip(upper=0.99)
    z = norm.ppf(1 - zeros.clip(lower=1e-9))
    sd = genes["observed"] / (z * norm.cdf(z) + norm.pdf(z))
    cut = genes["zeros"] > 0.05
    latent = genes.assign(mean=genes["observed"])
    latent.loc[cut, "mean"] = (z * sd)[cut]
    latent.loc[cut, "sd"] = sd[cut]
    return latent


def choose_background(genes: pd.DataFrame, panel: set[str]) -> list[str]:
    """Choose genes outside the panel: the most variable ones, and stable ones over all levels."""
    known = genes.index.isin(gene_table().current - panel)
    other = genes[known & (genes["observed"] > 0.5)]
    fixed = [gene for gene in SEX_LINKED + HOUSEKEEPING if gene in other.index]
    rest = other.drop(fixed)
    expressed = rest[rest["observed"] > 2].sort_values("sd", ascending=False, kind="stable")
    variable = list(expressed.index[:N_VARIABLE])
    levels = rest.drop(variable).sort_values("observed", kind="stable").index
    stable = levels[np.linspace(0, len(levels) - 1, N_STABLE).round().astype(int)]
    return sorted({*fixed, *variable, *stable})


def sex_linked(values: pd.DataFrame, male: pd.Series) -> pd.DataFrame:
    """Level, spread and sex effect of sex-linked genes, by medians: a few labels are wrong."""
    rows = {}
    for gene in values.columns:
        men, women = values.loc[male, gene], values.loc[~male, gene]
        spread = [1.4826 * (group - group.median()).abs().median() for group in (men, women)]
        rows[gene] = {
            "mean": (men.median() + women.median()) / 2,
            "sex": men.median() - women.median(),
            "sd": max(float(np.mean(spread)), 0.2),
            "age": 0.0,
        }
    return pd.DataFrame(rows).T


def isg_score(values: pd.DataFrame) -> pd.Series:
    """Mean of the six standardised interferon-stimulated genes, with standard deviation 1."""
    z = (values[ISG] - values[ISG].mean()) / values[ISG].std()
    score = z.mean(axis=1)
    return score / score.std()


def effect_size(score: pd.Series, severe: pd.Series) -> float:
    """Standardised difference that belongs to an AUROC: d = √2 Φ⁻¹(AUROC)."""
    ranks = pd.Series(rankdata(score), index=score.index)
    n1, n0 = int((severe == 1).sum()), int((severe == 0).sum())
    auroc = (ranks[severe == 1].sum() - n1 * (n1 + 1) / 2) / (n1 * n0)
    return float(np.sqrt(2) * norm.ppf(auroc))


def time_course(
    cohorts: dict[str, tuple[pd.DataFrame, pd.DataFrame]],
) -> tuple[float, dict[str, float]]:
    """Slope of the interferon score in mild disease (SD per 10 days), and the two plateaus."""
    slopes = []
    for values, obs in cohorts.values():
        score, mild = isg_score(values), obs["severe"] == 0
        slopes.append(10 * np.polyfit(obs.loc[mild, "days_since_onset"], score[mild], 1)[0])
    values, obs = cohorts[TURNOVER]
    rank = values.rank(axis=1, pct=True)[ISG].mean(axis=1)
    early = obs["days_since_onset"] <= EARLY_UNTIL
    seen = [effect_size(rank[part], obs.loc[part, "severe"]) for part in (early, ~early)]
    severe_days = [
        obs.loc[part & (obs["severe"] == 1), "days_since_onset"].to_numpy()
        for part in (early, ~early)
    ]
    # the plateaus whose averages over the days seen give the two effects seen
    weights = [float(np.mean(1 / (1 + np.exp((days - MIDPOINT) / WIDTH)))) for days in severe_days]
    plateaus = np.linalg.solve([[w, 1 - w] for w in weights], seen)
    return float(np.mean(slopes)), {"early": float(plateaus[0]), "late": float(plateaus[1])}


def patients(levels: pd.DataFrame, courses: list[pd.DataFrame]) -> pd.DataFrame:
    """Age, sex, day since onset and share of critical disease, by class."""
    days = pd.concat(courses)
    rows = {}
    for name, severe in (("moderate", 0.0), ("severe", 1.0)):
        own, day = levels[levels["severe"] == severe], days.loc[days["severe"] == severe]
        rows[name] = {
            "age_mean": own["age"].mean(),
            "age_sd": own["age"].std(),
            "day_mean": day["days_since_onset"].mean(),
            "day_sd": day["days_since_onset"].std(),
            "male": (own["sex"] == "male").mean(),
            "critical": (own["severity"] == "critical").mean(),
        }
    return pd.DataFrame(rows).T


def make_programs(plateaus: dict[str, float]) -> pd.DataFrame:
    """Activity of each program in severe disease, and how much it varies within a class."""
    rows = {
        program: {
            "early": plateaus["early"] if program == "interferon" else 1.0,
            "late": plateaus["late"] if program == "interferon" else 1.0,
            "midpoint": MIDPOINT,
            "width": WIDTH,
            "spread": SPREAD.get(program, SPREAD_OTHERS),
            "shared": SHARED.get(program, SHARED_OTHERS),
        }
        for program in DRIVERS
    }
    return pd.DataFrame(rows).T


def give_roles(genes: pd.DataFrame, z: pd.DataFrame) -> pd.DataFrame:
    """Name the drivers, and as their shadows the genes that follow one of them closely."""
    program = {gene: name for name, listed in DRIVERS.items() for gene in listed.split()}
    drivers = list(program)
    correlation = z.T.to_numpy() @ z[drivers].to_numpy() / (z**2).sum().mean()
    closest = correlation.argmax(axis=1)
    strength = pd.Series(correlation.max(axis=1), index=z.columns)
    out = genes.assign(role="none", program="", parent="", correlation=0.0)
    shadow = (strength > SHADOW_CORRELATION) & ~out.index.isin(drivers) & (out["observed"] > 1)
    out.loc[shadow, "role"] = "shadow"
    out.loc[shadow, "parent"] = np.asarray(drivers)[closest][shadow]
    out.loc[shadow, "program"] = out.loc[shadow, "parent"].map(program)
    out.loc[shadow, "correlation"] = strength[shadow].clip(upper=0.95)
    out.loc[drivers, "role"] = "driver"
    out.loc[drivers, "program"] = [program[gene] for gene in drivers]
    return out


def driver_effects(genes: pd.DataFrame) -> pd.Series:
    """Log2 change of each driver for one unit of its program's activity.

    Interferon activity is in standard deviations of the score already, so only how much a
    gene takes part in it is taken from GSE157103, where all interferon genes are lower in
    intensive care.
    """
    effect = pd.Series(0.0, index=genes.index)
    for program, listed in DRIVERS.items():
        own = genes.loc[listed.split()]
        if program == "interferon":
            part = (own["severe"] / own["sd"]).abs()
            effect[own.index] = own["sd"] * (0.5 + 0.5 * part / part.mean()) * 0.9
        else:
            effect[own.index] = EFFECT_SCALE * own["severe"]
    return effect


def noise_structure(
    genes: pd.DataFrame, z: pd.DataFrame, programs: pd.DataFrame, slope: float, day_sd: float
) -> pd.DataFrame:
    """Split the variance within a class into day, program, factors and noise of one's own.

    Drivers give up a part of their common variance to the activity of their program and to
    the day, so that the total stays what was measured. A shadow gene is its parent times a
    slope plus variation that is uncorrelated with the parent: given the parent, the class
    says nothing more about it.
    """
    _, singular, components = np.linalg.svd(z.to_numpy(), full_matrices=False)
    degrees = (z**2).sum().mean()
    loadings = components[:N_FACTORS].T * (singular[:N_FACTORS] / np.sqrt(degrees))
    norm2 = (loadings**2).sum(axis=1, keepdims=True)
    loadings *= np.minimum(1.0, np.sqrt(0.95 / np.maximum(norm2, 1e-9)))
    unique = np.sqrt(1 - (loadings**2).sum(axis=1))
    index = {gene: place for place, gene in enumerate(z.columns)}

    score = z[ISG].mean(axis=1)
    with_score = pd.Series(
        z.T.to_numpy() @ score.to_numpy() / degrees / score.std(), index=z.columns
    )
    day = (slope * with_score).where(with_score > 0.4, 0.0)
    day_variance = (day * day_sd / 10) ** 2
    spread = genes["program"].map(programs["spread"]).astype("float64")
    activity_variance = (genes["effect"] / genes["sd"] * spread) ** 2
    own_loadings, own_unique = loadings.copy(), unique.copy()
    slopes = pd.Series(0.0, index=genes.index)
    for gene, role in genes["role"].items():
        place = index[gene]
        if role == "driver":
            left = 1 - activity_variance[gene] - day_variance[gene]
            if left < 0.2:
                raise ValueError(f"{gene}: only {left:.2f} of the variance is left for noise")
            own_loadings[place] *= np.sqrt(left)
            own_unique[place] *= np.sqrt(left)
        elif role == "shadow":
            model, rho = genes.loc[gene, "parent"], genes.loc[gene, "correlation"]
            parent = index[model]
            along = loadings[parent] / np.linalg.norm(loadings[parent])
            own = loadings[place] - (loadings[place] @ along) * along
            total = float(own @ own) + unique[place] ** 2
            own_loadings[place] = own * np.sqrt((1 - rho**2) / total)
            own_unique[place] = unique[place] * np.sqrt((1 - rho**2) / total)
            slopes[gene] = rho * genes.loc[gene, "sd"] / genes.loc[model, "sd"]
    sd = genes["sd"].to_numpy()
    out = genes.assign(
        parent_slope=slopes,
        day=(day * genes["sd"]).where(genes["role"] != "shadow", 0.0),
        noise=own_unique * sd,
    )
    out.loc[out["role"] == "shadow", ["age", "sex"]] = 0.0
    names = [f"{FACTOR}{k + 1:02d}" for k in range(N_FACTORS)]
    return out.join(pd.DataFrame(own_loadings * sd[:, None], index=z.columns, columns=names))


def centre(genes: pd.DataFrame, programs: pd.DataFrame, people: pd.DataFrame) -> pd.Series:
    """Mean of a moderate patient, such that a cohort half of them severe has the mean measured."""
    mean_activity = {}
    days = np.arange(1.0, 26.0)
    weights = norm.pdf(days, people.loc["severe", "day_mean"], people.loc["severe", "day_sd"])
    activity = severe_activity(programs, days)
    for program, values in zip(programs.index, activity.T, strict=True):
        mean_activity[program] = float(np.average(values, weights=weights))
    own = 0.5 * genes["effect"] * genes["program"].map(mean_activity).astype("float64").fillna(0.0)
    inherited = genes["parent"].map(own).astype("float64").fillna(0.0) * genes["parent_slope"]
    return genes["mean"] - own - inherited


def text_of(table: pd.DataFrame, index_name: str, about: str) -> str:
    lines = [
        f"# {about}",
        "# Summaries for the SIMULATED cohort, estimated on GSE157103 (Overmyer 2021) and both",
        "# cohorts of Schulte-Schrepping 2020; no patient's values.",
        "# Columns are explained in ifn_severity.cohorts.simulate_parameters.",
        f"# Written by: {COMMAND}",
    ]
    body = io.StringIO()
    # adding zero turns -0.0 into 0.0
    rounded = table.apply(lambda c: c.round(3) + 0.0 if c.dtype.kind == "f" else c)
    rounded.to_csv(body, index_label=index_name, lineterminator="\n", float_format="%.4g")
    return "\n".join(lines) + "\n" + body.getvalue()


def estimate() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the tables of genes, programs and patients."""
    values, obs = read_cohort(LEVELS)
    courses = {name: read_cohort(name) for name in COURSES}
    listed = pd.read_csv(PACKAGE / "features" / "catalogue" / "genes.csv")["gene"]
    catalogue = {*listed, *reference_genes()}
    panel = catalogue & set(values.columns)
    fitted, residuals = fit(values, obs)
    chosen = sorted(panel | set(choose_background(fitted, panel)))
    latent = latent_scale(fitted.loc[chosen])
    linked = [gene for gene in SEX_LINKED if gene in chosen]
    latent.update(sex_linked(values[linked], obs["sex"] == "male"))
    residuals = residuals[chosen].copy()
    # what is left there after a few wrong labels says nothing about correlation
    residuals[linked] = 0.0

    slope, plateaus = time_course(courses)
    programs = make_programs(plateaus)
    people = patients(obs, [course for _, course in courses.values()])
    genes = give_roles(latent, residuals)
    genes["effect"] = driver_effects(genes)
    genes = noise_structure(genes, residuals, programs, slope, float(people["day_sd"].mean()))
    genes["mean"] = centre(genes, programs, people)

    course, labels = courses["schulte-cohort1"]
    xist = sex_linked(course[["XIST"]], labels["sex"] == "male")
    xist = xist.rename(columns={"sd": "noise"}).assign(role="none", program="", parent="")
    genes = pd.concat([genes, xist]).sort_index()
    genes["panel"] = genes.index.isin(catalogue).astype(int)
    factors = [column for column in genes if column.startswith(FACTOR)]
    genes["ceiling"] = genes["ceiling"].fillna(genes["mean"] + genes["sex"].abs() / 2 + 1)
    genes["current"] = genes.index.isin(gene_table().current).astype(int)
    numbers = ["mean", "ceiling", "effect", "parent_slope", "age", "sex", "day", "noise", *factors]
    genes[numbers] = genes[numbers].astype("float64").fillna(0.0)
    order = ["panel", "current", "role", "program", "parent", *numbers]
    return genes[order], programs, people


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=TARGET, help="folder to write to")
    out = parser.parse_args().out
    genes, programs, people = estimate()
    out.mkdir(parents=True, exist_ok=True)
    text = text_of(genes, "gene", "Genes of the simulated cohort: log2(TPM+1).")
    packed = io.BytesIO()
    # GzipFile and not gzip.compress: the latter's header differs between Python versions
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as file:
        file.write(text.encode())
    (out / GENES_FILE).write_bytes(packed.getvalue())
    (out / PROGRAMS_FILE).write_text(text_of(programs, "program", "Programs of severity."))
    (out / PATIENTS_FILE).write_text(text_of(people, "class", "Patients by class."))
    print(programs.round(3).to_string(), people.round(3).to_string(), sep="\n")
    print(genes["role"].value_counts().to_dict(), len(genes), len(packed.getvalue()), "bytes")


if __name__ == "__main__":
    main()
