"""One patient in full: genes, families, neighbours, place on the plane, and words."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit

from ifn_severity.explain.attributions import Attributions
from ifn_severity.explain.result import Patient

NEIGHBOURS = 5
_SHOWN = 0.005  # log-odds that two decimals show
_NEIGHBOUR_COLUMNS = (
    "sample", "cohort", "severity", "severe", "days_since_onset", "probability", "distance",
)  # fmt: skip


def neighbours(
    sample: str, saved: Attributions, training: Attributions, *, n: int = NEIGHBOURS
) -> pd.DataFrame:
    """Find the training samples that the saved model sees most alike.

    The distance is between gene attributions, in log-odds, so genes count as much as the model
    lets them. The patient's own samples are left out.

    Parameters
    ----------
    sample : str
        A row of ``saved``.
    saved, training : Attributions
        By gene, by the saved model: explained samples, and training samples.
    n : int

    Returns
    -------
    DataFrame
        As ``Patient.neighbours``.
    """
    own = saved.values.loc[sample].to_numpy(dtype=float)
    patient = str(saved.obs.loc[sample, "patient"])
    others = np.flatnonzero(training.obs["patient"].astype(str).to_numpy() != patient)
    distance = np.sqrt(((training.values.to_numpy()[others] - own) ** 2).sum(axis=1))
    nearest = np.argsort(distance, kind="stable")[:n]
    obs = training.obs.iloc[others[nearest]]
    return pd.DataFrame(
        {
            "sample": obs.index.astype(str),
            "cohort": obs["cohort"].astype(str).to_numpy(),
            "severity": obs["severity"].astype(str).to_numpy(),
            "severe": obs["severe"].to_numpy(dtype=float),
            "days_since_onset": obs["days_since_onset"].to_numpy(dtype=float),
            "probability": training.probability[others[nearest]],
            "distance": distance[nearest],
        },
        columns=list(_NEIGHBOUR_COLUMNS),
    )


def no_neighbours() -> pd.DataFrame:
    """Return the table where no training cohort is on disk."""
    return pd.DataFrame(columns=list(_NEIGHBOUR_COLUMNS))


def patient_in_full(
    sample: str,
    why: str,
    gene_level: Attributions,
    saved: Attributions,
    usual: np.ndarray,
    family_values: pd.Series,
    plane: pd.DataFrame,
    cuts: pd.DataFrame,
    near: pd.DataFrame,
    threshold: float,
) -> Patient:
    """Put together what is known about one sample.

    Parameters
    ----------
    sample, why : str
    gene_level, saved : Attributions
        By gene: held out where possible, and by the saved model.
    usual : ndarray of shape (n_panel,)
        Usual level of each gene.
    family_values : Series indexed by family
        Grouped Shapley values.
    plane, cuts : DataFrame
    near : DataFrame
        Nearest training samples.
    threshold : float
        Of the model that explains this sample.
    """
    at = list(gene_level.values.index).index(sample)
    families = gene_level.features
    cohort = gene_level.obs["cohort"].astype(str)
    data = gene_level.data[(cohort == cohort.iloc[at]).to_numpy()]
    own = gene_level.data.iloc[at]
    table, value = data.to_numpy(), own.to_numpy()
    below = (table < value).sum(axis=0) + 0.5 * (table == value).sum(axis=0)
    waterfall = pd.DataFrame(
        {
            "shap": gene_level.values.iloc[at],
            "expression": own,
            "usual": usual,
            "percentile": np.where(np.isfinite(value), 100.0 * below / len(table), np.nan),
            "group": families["group"],
            "family": families["family"],
            "interferon": families["group"] == "interferon",
        }
    ).rename_axis("gene")
    order = waterfall["shap"].abs().sort_values(ascending=False, kind="stable").index
    waterfall = waterfall.loc[order]
    interferon = families.drop_duplicates("family").set_index("family")["group"] == "interferon"
    net_of = pd.DataFrame(
        {
            "net": family_values,
            "interferon": interferon.reindex(family_values.index).fillna(False).astype(bool),
        }
    ).rename_axis("family")
    margin = float(gene_level.margin[at])
    place = plane.iloc[list(plane.index).index(sample)]
    interferon_score, inflammation_score = place[["interferon", "inflammation"]].to_numpy(float)
    patient = Patient(
        sample=sample,
        why=why,
        held_out=gene_level.held_out,
        base=float(gene_level.base[at]),
        margin=margin,
        probability=float(expit(margin)),
        saved_probability=float(saved.probability[list(saved.values.index).index(sample)]),
        threshold=threshold,
        waterfall=waterfall,
        families=net_of,
        interferon=float(interferon_score),
        inflammation=float(inflammation_score),
        quadrant=str(place["quadrant"]),
        neighbours=near,
        words=(),
    )
    words = patient_words(patient, str(cuts.loc[str(place["cohort"]), "basis"]))
    return Patient(**{**patient.__dict__, "words": words})


def patient_words(patient: Patient, basis: str) -> tuple[str, ...]:
    """Describe a patient in plain language."""
    called = "severe" if patient.probability >= patient.threshold else "not severe"
    seen = "" if patient.held_out else " (a training row: the model has seen this patient)"
    said = [
        f"Predicted probability of severe disease {patient.probability:.2f}, called {called} "
        f"(threshold {patient.threshold:.2f}){seen}."
    ]
    waterfall = patient.waterfall
    for sign, what in ((1, "raise"), (-1, "lower")):
        genes = waterfall[np.sign(waterfall["shap"]) == sign].head(4)
        if len(genes):
            levels = zip(
                genes.index,
                genes["expression"].to_numpy(dtype=float),
                genes["usual"].to_numpy(dtype=float),
                strict=True,
            )
            listed = ", ".join(f"{gene} ({_level(own, usual)})" for gene, own, usual in levels)
            said.append(f"Genes that {what} the risk most: {listed}.")
    net = float(waterfall.loc[waterfall["interferon"], "shap"].sum())
    way, factor = ("raise", "×") if net > 0 else ("lower", "÷")
    said.append(
        f"Interferon genes together {way} the log-odds by {abs(net):.2f} (odds {factor} "
        f"{np.exp(abs(net)):.2f})."
        if abs(net) >= _SHOWN
        else "Interferon genes together leave the log-odds where they are."
    )
    turned = (patient.margin - net >= _logit(patient.threshold)) != (
        patient.margin >= _logit(patient.threshold)
    )
    if turned:
        said.append("Without what they bring, the call would be the other one.")
    said.append(
        f"On the interferon × inflammation plane: {patient.quadrant} (low ends at the {basis})."
    )
    near = patient.neighbours
    if len(near):
        said.append(_near_words(near))
    return tuple(said)


def _near_words(near: pd.DataFrame) -> str:
    severe = int((near["severe"] == 1).sum())
    if len(near) == 1:
        return f"The nearest training sample was {'severe' if severe else 'not severe'}."
    number = f"{severe} were" if severe > 1 else "1 was" if severe else "none was"
    return f"Of the {len(near)} nearest training samples {number} severe."


def _level(expression: float, usual: float) -> str:
    if not np.isfinite(expression):
        return "not measured"
    difference = expression - usual
    if not np.isfinite(difference):
        return f"{expression:.1f}"
    ratio = f"{2 ** abs(difference):.1f}"
    if ratio == "1.0":
        return "as usual"
    return f"{ratio}× {'above' if difference > 0 else 'below'} usual"


def _logit(probability: float) -> float:
    edge = min(max(probability, 1e-6), 1 - 1e-6)
    return float(np.log(edge / (1 - edge)))
