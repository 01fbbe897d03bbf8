"""MODEL_CARD.md, written from the manifest: what the model is for, on whom, and how well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ifn_severity.bundle.card_tables import (
    cohort_rows,
    held_out_rows,
    measure_rows,
    subgroup_rows,
)
from ifn_severity.bundle.manifest import Manifest
from ifn_severity.classify import MODELS
from ifn_severity.features import reference_genes

EVIDENCE = "leave_one_cohort_out"
"""Key of the metrics under which leave-one-cohort-out stands."""
_SHOWN_GENES = 40

_OUT_OF_SCOPE = (
    "Diagnosis, triage, treatment, or any decision about a patient.",
    "Prognosis: severity was graded at or near the blood draw, so a score says what a sample "
    "resembles, not what will happen.",
    "People who are not known to have COVID-19, outpatients, children, and tissues other than "
    "blood: none of them was in the training data.",
    "Other infections or sepsis. Their blood may look alike; nobody has tested it here.",
    "Single cells as they are; sum them per patient first.",
)
_LIMITS = (
    "Trained on tens to hundreds of patients; intervals are wide and other hospitals differ.",
    "Blood only, and only the tissues and platforms of the cohorts above.",
    "It says how a sample resembles those of patients who were called severe as defined above. "
    "It does not say what made them so, and time since onset changes interferon genes.",
    "Treatment (steroids above all), variant and vaccination change the genes that it looks at. "
    "They are not among the inputs, and the public cohorts are of patients of 2020.",
    "A sample unlike the training data is marked `in_distribution = False`: do not rely on its "
    "probability.",
    "Missing genes are left out of scores; a feature without any gene is set to the "
    "training median.",
)
_ETHICS = (
    "No patient's data are in this folder: the training distribution is kept as summaries, and the "
    "golden samples are simulated.",
    "Age, sex and ancestry are not inputs, but may act through expression. Look at subgroups "
    "before any use. Ancestry is not recorded in these cohorts, so nothing is known of it.",
    "Severe is a hospital's decision as much as a state of the body: admission to intensive care "
    "depends on beds and on habits, and a model learns them too.",
    "The cohorts are public; the studies cited say how consent was given, and the licences stand "
    "on each cohort's card.",
)
_LOADING = (
    "A copy from others is loaded with `ifn_severity.bundle.load_model` first: it reads every file "
    "as data, and refuses an `MLmodel` that it did not write. `mlflow.pyfunc.load_model` and "
    "`mlflow models serve` run whatever code the file `MLmodel` names, before this package can "
    "look at it. Neither check says who made a model: its checksums show damage, not authors."
)
_READING = (
    "Mitchell 2019, doi:10.1145/3287560.3287596 (model cards); Collins 2024, "
    "doi:10.1136/bmj-2023-078378 (TRIPOD+AI)."
)


def model_card(manifest: Manifest) -> str:
    """Return the model card as Markdown (Mitchell 2019, doi:10.1145/3287560.3287596).

    Parameters
    ----------
    manifest : Manifest
    """
    lines = [f"# {manifest.name}", ""]
    if manifest.simulated:
        lines += [
            "**Trained on simulated patients: for trying the software, not for real data.**",
            "",
        ]
    for heading, body in (
        ("", _details(manifest)),
        ("Intended use", _intended(manifest)),
        ("Out of scope", _bullets(_OUT_OF_SCOPE)),
        ("What it was trained on", _training(manifest)),
        ("Performance", _performance(manifest)),
        ("Calibration and threshold", _calibration(manifest)),
        ("Subgroups", _subgroups(manifest)),
        ("Limits", _bullets(_limits(manifest))),
        ("Ethical notes", _bullets(_ETHICS)),
        ("Loading it", [_LOADING]),
        ("Licence and citation", _citation(manifest)),
        ("Made with", _made_with(manifest)),
    ):
        lines += ([f"## {heading}", ""] if heading else []) + [*body, ""]
    return "\n".join(lines)


def _bullets(items: tuple[str, ...] | list[str]) -> list[str]:
    return [f"- {item}" for item in items]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _details(manifest: Manifest) -> list[str]:
    lines = [
        f"Probability of severe COVID-19 from blood expression: {MODELS[manifest.model]} on the "
        f"feature set `{manifest.feature_set}` ({len(manifest.columns)} features from "
        f"{len(manifest.genes)} genes). Saved {manifest.created} by ifn-severity "
        f"{manifest.package_version}"
        + (f", commit {manifest.git_commit}." if manifest.git_commit else ".")
    ]
    if len(manifest.genes) <= _SHOWN_GENES:
        known = set(reference_genes())
        against = [gene for gene in manifest.genes if gene in known]
        others = [gene for gene in manifest.genes if gene not in known]
        lines += [
            "",
            f"Genes to measure, {len(manifest.genes)} in all: {', '.join(others)}; reference "
            f"genes: {', '.join(against)}.",
        ]
    return lines


def _intended(manifest: Manifest) -> list[str]:
    purpose = manifest.extra.get("purpose")
    lines = [f"For {purpose}."] if isinstance(purpose, str) else []
    return [
        *lines,
        f"{_sentence(manifest.intended_use)} For researchers who compare blood samples of patients "
        "in hospital with COVID-19, or who test a signature or a hypothesis about interferon "
        "against a baseline.",
    ]


def _training(manifest: Manifest) -> list[str]:
    lines = [f"Severe means: {manifest.labels}", "", *cohort_rows(manifest.cohorts)]
    meanings = [cohort for cohort in manifest.cohorts if cohort.get("mild_means")]
    if meanings:
        lines += ["", "What the two classes mean differs between cohorts:", ""]
        lines += _bullets(
            [
                f"{cohort.get('name')}: mild is {cohort['mild_means']}; severe is "
                f"{cohort.get('severe_means')}."
                for cohort in meanings
            ]
        )
    left_out = [str(cohort.get("name")) for cohort in manifest.cohorts if not _fitted(cohort)]
    if left_out:
        lines += [
            "",
            f"Not fitted on, only predicted: {', '.join(left_out)}. Fewer than five patients of a "
            "class would bring more noise than they teach.",
        ]
    return lines


def _fitted(cohort: Mapping[str, Any]) -> bool:
    return cohort.get("fitted") is not False


def _evidence(manifest: Manifest) -> Mapping[str, Any] | None:
    evidence = manifest.metrics.get(EVIDENCE)
    return evidence if isinstance(evidence, Mapping) else None


def _performance(manifest: Manifest) -> list[str]:
    others = {key: value for key, value in manifest.metrics.items() if key != EVIDENCE}
    lines = [str(manifest.extra["validation"]), ""] if "validation" in manifest.extra else []
    evidence = _evidence(manifest)
    if evidence:
        lines += held_out_rows(evidence)
    if others or not evidence:
        lines += ([""] if evidence else []) + measure_rows(others)
    return lines


def _calibration(manifest: Manifest) -> list[str]:
    slope, intercept = manifest.calibration["slope"], manifest.calibration["intercept"]
    lines = [
        f"log-odds = {slope:.4g} × margin {'+' if intercept >= 0 else '−'} {abs(intercept):.4g}. "
        f"A sample is called severe at a probability of {manifest.threshold['value']:.4g} or more "
        f"({manifest.threshold.get('meaning', '')})."
    ]
    evidence = _evidence(manifest)
    if evidence:
        rows = list(evidence["cohorts"].values())
        each = {name: [row[name] for row in rows] for name in ("sensitivity", "specificity")}
        spans = [f"{name} was {min(x):.2f} to {max(x):.2f}" for name, x in each.items()]
        lines += [
            "",
            f"**Order carries over to a new cohort, the call does not.** On cohorts never seen, at "
            f"the threshold chosen without them, {spans[0]} and {spans[1]}. Laboratories and "
            "tissues shift the log-odds of all their samples together. Before a probability or a "
            "call of this model means anything in a laboratory, the shift has to be learned there, "
            "from a handful of samples with known severity of both classes "
            "(`ifn-severity predict --labels`).",
        ]
    return lines


def _subgroups(manifest: Manifest) -> list[str]:
    evidence = _evidence(manifest)
    groups = evidence.get("subgroups") if evidence else None
    if not groups:
        return ["AUROC by sex and age was not recorded for this model."]
    return [
        "AUROC of held-out samples within each sex and age group that has five patients in either "
        "class; all other groups are too small to say anything.",
        "",
        *subgroup_rows(groups),
    ]


def _limits(manifest: Manifest) -> list[str]:
    panels = manifest.extra.get("genes_without_a_cohort")
    if not panels:
        return list(_LIMITS)
    sets = [set(genes) for genes in panels.values()]
    shared = [
        len(first & second) / len(first | second)
        for i, first in enumerate(sets)
        for second in sets[:i]
    ]
    own = {column.removeprefix("gene:") for column in manifest.columns}
    always = sorted(own.intersection(*sets))
    return [
        *_LIMITS,
        "Many genes carry the same information, so the choice is not stable: fits that lacked one "
        f"cohort chose panels that shared {sum(shared) / len(shared):.0%} of their genes on "
        f"average; {', '.join(always) or 'no gene'} {'were' if len(always) > 1 else 'was'} in "
        "every one. It is a panel that works, not a list of causes.",
    ]


def _citation(manifest: Manifest) -> list[str]:
    lines = [
        f"Licence of the model: {manifest.licence}. Cite ifn-severity {manifest.package_version} "
        f"with the name {manifest.name}, and the studies whose patients it learned from:",
        "",
    ]
    cited = dict.fromkeys(
        str(cohort["citation"]) for cohort in manifest.cohorts if cohort.get("citation")
    )
    if not cited:
        names = ", ".join(str(cohort.get("name", "?")) for cohort in manifest.cohorts)
        cited = {f"as `ifn-severity cohorts NAME` says of {names or 'each cohort'}": None}
    return [*lines, *_bullets(list(cited))]


def _made_with(manifest: Manifest) -> list[str]:
    lines = [
        ", ".join(f"{name} {version}" for name, version in manifest.versions.items()) + ".",
        f"Signature catalogue sha256 {manifest.catalogue_sha256}.",
    ]
    if "command" in manifest.extra:
        lines += [f"Command: `{manifest.extra['command']}`."]
    return [*lines, f"How to read this card: {_READING}"]
