"""MODEL_CARD.md, written from the manifest: what the model is for, on whom, and how well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ifn_severity.bundle.manifest import Manifest
from ifn_severity.classify import MODELS

_LIMITS = (
    "Trained on tens to hundreds of patients; intervals are wide and other hospitals differ.",
    "Blood only, and only the tissues and platforms of the cohorts above.",
    "It says how a sample resembles those of patients who were called severe as defined above. "
    "It does not say what made them so, and time since onset changes interferon genes.",
    "A sample unlike the training data is marked `in_distribution = False`: do not rely on its "
    "probability.",
    "Missing genes are left out of scores; a feature without any gene is set to the "
    "training median.",
)
_ETHICS = (
    "No patient's data are in this folder: the training distribution is kept as summaries, and the "
    "golden samples are simulated.",
    "Age, sex and ancestry are not inputs, but may act through expression. Look at subgroups "
    "before any use.",
)


def model_card(manifest: Manifest) -> str:
    """Return the model card as Markdown (Mitchell 2019, doi:10.1145/3287560.3287596).

    Parameters
    ----------
    manifest : Manifest
    """
    slope, intercept = manifest.calibration["slope"], manifest.calibration["intercept"]
    lines = [f"# {manifest.name}", ""]
    if manifest.simulated:
        lines += [
            "**Trained on simulated patients: for trying the software, not for real data.**",
            "",
        ]
    lines += [
        f"Probability of severe COVID-19 from blood expression: {MODELS[manifest.model]} on the "
        f"feature set `{manifest.feature_set}` ({len(manifest.columns)} features from "
        f"{len(manifest.genes)} genes). Saved {manifest.created} by ifn-severity "
        f"{manifest.package_version}"
        + (f", commit {manifest.git_commit}." if manifest.git_commit else "."),
        "",
        "## Intended use",
        "",
        f"{_sentence(manifest.intended_use)} Licence: {manifest.licence}.",
        "",
        "## What it was trained on",
        "",
        f"Severe means: {manifest.labels}",
        "",
        *_cohorts(manifest.cohorts),
        "",
        "## Performance",
        "",
        *_metrics(manifest.metrics),
        "",
        "## Calibration and threshold",
        "",
        f"log-odds = {slope:.4g} × margin {'+' if intercept >= 0 else '−'} {abs(intercept):.4g}. "
        f"A sample is called severe at a probability of {manifest.threshold['value']:.4g} or more "
        f"({manifest.threshold.get('meaning', '')}).",
        "",
        "## Limits",
        "",
        *(f"- {limit}" for limit in _LIMITS),
        "",
        "## Ethical notes",
        "",
        *(f"- {note}" for note in _ETHICS),
        "",
        "## Made with",
        "",
        ", ".join(f"{name} {version}" for name, version in manifest.versions.items()) + ".",
        f"Signature catalogue sha256 {manifest.catalogue_sha256}.",
        "",
    ]
    return "\n".join(lines)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _cohorts(cohorts: list[dict[str, Any]]) -> list[str]:
    if not cohorts:
        return ["The cohorts are not recorded."]
    lines = ["| cohort | samples | patients | classes | tissue | platform |", "|" + "---|" * 6]
    for cohort in cohorts:
        simulated = " (simulated)" if cohort.get("simulated") else ""
        cells = [f"{cohort.get('name', '?')}{simulated}"]
        cells += [
            _cell(cohort.get(key))
            for key in ("n_samples", "n_patients", "classes", "tissue", "platform")
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _metrics(metrics: Mapping[str, Any]) -> list[str]:
    rows = list(_rows(metrics, ""))
    if not rows:
        return ["No performance was recorded."]
    return ["| measure | value | interval |", "|---|---|---|", *rows]


def _rows(metrics: Mapping[str, Any], prefix: str) -> list[str]:
    rows = []
    for key, value in metrics.items():
        if key.endswith("_ci") and key.removesuffix("_ci") in metrics:
            continue
        if isinstance(value, Mapping):
            rows += _rows(value, f"{prefix}{key}, ")
            continue
        interval = metrics.get(f"{key}_ci")
        between = " to ".join(_cell(end) for end in interval) if isinstance(interval, list) else ""
        rows.append(f"| {prefix}{key.replace('_', ' ')} | {_cell(value)} | {between} |")
    return rows


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_cell(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(_cell(item) for item in value)
    return str(value).replace("|", "/").replace("\n", " ")
