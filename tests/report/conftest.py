"""A browser, and the validation and evidence reports of invented cohorts."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from ifn_severity.evidence.claim import Claim, Contrast, Measure
from ifn_severity.evidence.claim import Part as ClaimPart
from ifn_severity.evidence.result import (
    EFFECT_COLUMNS,
    POOLED_COLUMNS,
    ClaimResult,
    EvidenceReport,
    PartResult,
    Verdict,
)
from ifn_severity.report.evidence_page import write_evidence_report
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_page import write_validation_report

#: Looks at a page from inside: sizes of images, what overflows, what opens, what takes focus.
PROBE = """<script>
window.addEventListener("load", function () {
  var all = function (query) { return Array.from(document.querySelectorAll(query)); };
  var members = all("tr.member");
  var shown = function () {
    return members.filter(function (row) { return getComputedStyle(row).display !== "none"; });
  };
  var root = document.documentElement, closed = shown().length;
  var wide = root.scrollWidth - root.clientWidth;
  all("details").forEach(function (item) { item.open = true; });
  document.body.setAttribute("data-probe", JSON.stringify({
    images: Array.from(document.images).map(
      function (image) { return [image.naturalWidth, image.clientWidth]; }),
    wide: wide,
    wideOpened: root.scrollWidth - root.clientWidth,
    members: members.length, closed: closed, opened: shown().length,
    unfocused: all("a[href], summary, .scroll").filter(function (item) {
      item.focus(); return document.activeElement !== item;
    }).length}));
});
</script></body>"""


class Browser:
    """Debian's Chromium without a window."""

    def __init__(self, path: str) -> None:
        self.path = path

    def run(self, page: Path, *options: str) -> subprocess.CompletedProcess[str]:
        flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--hide-scrollbars",
            "--enable-logging=stderr",
        ]
        profile = f"--user-data-dir={page.parent / 'profile'}"
        command = [self.path, *flags, profile, *options, page.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)

    def probe(self, page: Path, *, width: int = 1280) -> dict[str, Any]:
        probed = page.with_name("probed.html")
        text = page.read_text(encoding="utf-8")
        text = text.replace(
            "default-src 'none';", "default-src 'none'; script-src 'unsafe-inline';"
        )
        probed.write_text(text.replace("</body>", PROBE), encoding="utf-8")
        dom = self.run(probed, f"--window-size={width},900", "--dump-dom").stdout
        (found,) = re.findall(r'data-probe="([^"]*)"', dom)
        return json.loads(html.unescape(found))

    def picture(self, page: Path) -> tuple[Path, list[str]]:
        """A picture of 1280 by 2400 pixels, and what the console complained of."""
        picture = page.with_name("page.png")
        run = self.run(page, f"--screenshot={picture}", "--window-size=1280,2400")
        return picture, [line for line in run.stderr.splitlines() if "CONSOLE" in line]


@pytest.fixture(scope="session")
def browser() -> Browser:
    found = shutil.which("chromium")
    if not found:
        reason = "Debian's chromium is not installed, so no browser has looked at the report"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return Browser(found)


COHORTS = {  # mild, severe samples, and how far apart the classes lie
    "GSE157103": (50, 50, 1.9),
    "GSE155454": (21, 18, 1.6),
    "schulte-cohort1": (14, 13, 2.6),
    "schulte-cohort2": (35, 28, 1.2),
    "GSE152418": (12, 4, 2.0),
}
RIVALS = {"Inflammatix6": "Inflammatix-6 (reconstructed)", "SoM": "SoM (Zheng 2021)"}
RIVALS |= {"IFN6": "six-gene interferon score, low", "clinical": "age and sex"}
NESTED = ("chosen inside", "nested")


def _around(value: float, half: float = 0.07, name: str = "auroc") -> dict[str, float]:
    low, high = f"{name}_low", f"{name}_high"
    return {name: value, low: max(value - half, 0.0), high: min(value + 0.7 * half, 1.0)}


def _predictions(rng: np.random.Generator) -> pd.DataFrame:
    frames = []
    for cohort, (n_mild, n_severe, apart) in COHORTS.items():
        severe = np.repeat([0, 1], [n_mild, n_severe])
        log_odds = rng.normal(0, 1, severe.size) + apart * (severe - 0.5)
        names = [f"{cohort}-{i}" for i in range(severe.size)]
        frames.append(
            pd.DataFrame(
                {
                    "sample": names,
                    "cohort": cohort,
                    "patient": names,
                    "severe": severe,
                    "severity": np.where(severe == 1, "severe", "mild"),
                    "age": rng.integers(25, 90, severe.size).astype(float),
                    "sex": rng.choice(["female", "male"], severe.size),
                    "days_since_onset": np.nan,
                    "log_odds": log_odds,
                    "raw_log_odds": 2.1 * log_odds + 0.8,
                    "called": (log_odds >= 0).astype(int),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def validation_report_of(**changes: object) -> ValidationReport:
    """A validation report with invented numbers of a realistic size."""
    rng = np.random.default_rng(11)
    predictions = _predictions(rng)
    cohorts = pd.DataFrame(
        {
            "n_samples": [m + s for m, s, _ in COHORTS.values()],
            "n_patients": [m + s for m, s, _ in COHORTS.values()],
            "n_mild": [m for m, _, _ in COHORTS.values()],
            "n_severe": [s for _, s, _ in COHORTS.values()],
            "n_mild_patients": [m for m, _, _ in COHORTS.values()],
            "n_severe_patients": [s for _, s, _ in COHORTS.values()],
            "days_known": [False, False, True, True, True],
            "counted": [m >= 5 and s >= 5 for m, s, _ in COHORTS.values()],
            "tissue": "whole blood",
            "mild_means": ["in hospital, not in intensive care"] + ["WHO scale up to 4"] * 4,
            "severe_means": ["in intensive care"] + ["WHO scale 5 and above"] * 4,
        },
        index=pd.Index(list(COHORTS), name="cohort"),
    )
    counted = cohorts.index[cohorts["counted"]]
    auroc = {
        cohort: float(roc_auc_score(rows["severe"], rows["log_odds"]))
        for cohort, rows in predictions.groupby("cohort")
    }
    mean = float(np.mean([auroc[name] for name in counted]))
    worst = min(counted, key=lambda name: auroc[name])
    candidates = [(s, m) for s in ("all", "interferon") for m in ("logistic", "forest")]
    held_out = pd.DataFrame(
        [
            {"cohort": cohort, "feature_set": s, "model": m}
            | _around(max(auroc[cohort] - 0.02 * place, 0.3))
            | {"brier": 0.15, "ece": 0.06, "calibration_slope": 1.05 - 0.1 * place}
            | {"calibration_intercept": -0.1, "sensitivity": 0.8, "specificity": 0.75}
            | {"raw_brier": 0.19, "raw_ece": 0.13, "raw_slope": 0.5, "raw_intercept": -0.4}
            | {"brier_low": 0.11, "brier_high": 0.18, "sensitivity_low": 0.61}
            | {"sensitivity_high": 0.93, "calibration_slope_low": 0.63}
            | {"calibration_slope_high": 2.17}
            for cohort in COHORTS
            for place, (s, m) in enumerate([NESTED, *candidates])
        ]
    )
    table = pd.DataFrame(
        [
            {"feature_set": s, "model": m}
            | _around(mean + 0.01 - 0.02 * place, 0.05, "mean_auroc")
            | {"min_auroc": auroc[worst] - 0.02 * place}
            | _around(mean + 0.02 - 0.02 * place, 0.05, "pooled")
            | {"prediction_low": 0.6, "prediction_high": 0.96}
            for place, (s, m) in enumerate(candidates)
        ]
    ).rename(columns={"mean_auroc_low": "mean_low", "mean_auroc_high": "mean_high"})
    rivals = []
    for place, (name, label) in enumerate(RIVALS.items()):
        for cohort in COHORTS:
            missing = (name, cohort) == ("SoM", "schulte-cohort1")
            value = np.nan if missing else max(auroc[cohort] - 0.03 - 0.1 * place, 0.2)
            why = "derived from this cohort" if missing else ""
            row = {"comparator": name, "label": label, "cohort": cohort, "left_out": why}
            rivals.append(
                row | {k: v if not missing else np.nan for k, v in _around(value).items()}
            )
    differences = pd.DataFrame(
        [
            {"comparator": name, "label": label, "cohort": cohort, "difference": d}
            | {"low": d - 0.04, "high": d + 0.04, "p": 0.03}
            for place, (name, label) in enumerate(RIVALS.items())
            for cohort in [*COHORTS, "mean"]
            for d in [0.03 + 0.1 * place]
        ]
    )
    additions = pd.DataFrame(
        [
            {"group": group, "scope": scope, "stage": stage, "n_mild": 20, "n_severe": 20}
            | {"with_": 0.85 + d, "without": 0.85, "difference": d, "low": d - 0.03}
            | {"high": d + 0.03, "alone": 0.36 if group == "interferon" else np.nan}
            for group, gain in (("interferon", 0.05), ("cytokine", -0.01))
            for scope in ["mean", *counted]
            for stage in ("all", "early", "late")
            if stage == "all" or scope != "GSE157103"
            for d in [gain + rng.normal(0, 0.015)]
        ]
    )
    matrix = pd.DataFrame(
        [
            {"train": a, "test": b, "feature_set": s, "model": m}
            | _around(min(0.97, auroc[b] - 0.05 + rng.normal(0, 0.03)))
            for s, m in candidates[:2]
            for a in counted
            for b in COHORTS
            if a != b
        ]
    )
    given = {
        "cohorts": cohorts,
        "headline": {
            "mean_auroc": mean,
            "mean_low": mean - 0.05,
            "mean_high": mean + 0.04,
            "min_auroc": auroc[worst],
            "min_cohort": worst,
            "pooled": mean + 0.01,
            "pooled_low": mean - 0.06,
            "pooled_high": mean + 0.06,
            "prediction_low": mean - 0.2,
            "prediction_high": mean + 0.1,
            "i_squared": 0.42,
            "chosen": dict.fromkeys(COHORTS, "all / logistic"),
            "best_candidate": "all / logistic",
            "best_of_many": mean + 0.01,
            "n_configurations": 4,
            "permutation_p": 0.001,
            "best_comparator": RIVALS["Inflammatix6"],
            "seed": 20,
            "n_draws": 2000,
        },
        "predictions": predictions,
        "held_out": held_out,
        "candidates": table,
        "comparators": pd.DataFrame(rivals),
        "differences": differences,
        "within": pd.DataFrame(
            [
                {"cohort": cohort, "feature_set": s, "model": m} | _around(auroc[cohort])
                for cohort in counted
                for s, m in candidates
            ]
        ),
        "matrix": matrix,
        "additions": additions,
        "interactions": pd.DataFrame(
            [
                {"interaction": name, "cohort": cohort, "without": 0.8, "with_": 0.81}
                | {"difference": 0.01, "low": -0.02, "high": 0.04, "coefficient": -0.3}
                for name in ("interferon × day", "interferon × inflammation")
                for cohort in ["mean", *counted]
            ]
        ),
        "subgroups": pd.DataFrame(
            [
                {"cohort": cohort, "subgroup": group, "n_mild": 10, "n_severe": 9}
                | (_around(0.83) if cohort == "GSE157103" else dict.fromkeys(_around(0.8), np.nan))
                for cohort in ("GSE157103", "GSE155454")
                for group in ("female", "male", "under 60", "60 and over")
            ]
        ),
        "learning": pd.DataFrame(
            {
                "fraction": [0.25, 0.5, 0.75, 1.0],
                "n_patients": [45, 90, 135, 180],
                "mean_auroc": [mean - 0.09, mean - 0.04, mean - 0.015, mean],
                "low": [mean - 0.15, mean - 0.1, mean - 0.07, mean - 0.05],
                "high": [mean - 0.03, mean + 0.01, mean + 0.03, mean + 0.04],
            }
        ),
        "random_panels": rng.normal(mean - 0.08, 0.03, 100),
        "shuffled": rng.normal(0.5, 0.06, 200),
        "settings": {"random seed": 20, "bootstrap draws": 2000, "folds": "5 by patient"},
        "versions": {"ifn-severity": "0.1.0", "scikit-learn": "1.9.0"},
        "checksums": {"GSE157103": "f013a165c973144d"},
        "citations": ("Overmyer KA et al. 2021, doi:10.1016/j.cels.2020.10.003",),
        "limits": ("Four cohorts are few.",),
        "simulated": True,
    } | changes
    return ValidationReport(**given)


@pytest.fixture(scope="session")
def make_validation() -> Callable[..., ValidationReport]:
    return validation_report_of


@pytest.fixture(scope="session")
def validation() -> ValidationReport:
    return validation_report_of()


@pytest.fixture(scope="session")
def validation_page(tmp_path_factory: pytest.TempPathFactory, validation: ValidationReport) -> Path:
    """A whole validation report, drawn once for all tests that look at it."""
    path = tmp_path_factory.mktemp("validation") / "report.html"
    return write_validation_report(path, validation, tables_folder="validation_tables")


@pytest.fixture(scope="session")
def bare_validation() -> ValidationReport:
    """As little as a run can have: two cohorts counted, nothing to compare with, no controls."""
    full = validation_report_of()
    keep = ["GSE157103", "schulte-cohort2", "GSE152418"]
    names = "comparators differences within matrix additions interactions subgroups learning"
    empty = {name: getattr(full, name).iloc[:0] for name in names.split()}
    unknown = dict.fromkeys(
        ("prediction_low", "prediction_high", "i_squared", "permutation_p"), float("nan")
    )
    return replace(
        full,
        **empty,
        cohorts=full.cohorts.loc[keep],
        predictions=full.predictions[full.predictions["cohort"].isin(keep)],
        held_out=full.held_out[full.held_out["cohort"].isin(keep)],
        headline=full.headline | unknown | {"best_comparator": ""},
        random_panels=np.array([]),
        shuffled=np.array([]),
        simulated=False,
    )


SCORE = Measure("score", ("Rice2013_IFN6",), "six-gene interferon score", "mean rank")
SEVERITY = Contrast("severe", "milder", ({"severe": ("1",)},), ({"severe": ("0",)},))
MONOCYTES = "Classical Monocytes"
#: Effect of each cohort by stratum; None where it could not be tested.
EFFECTS: dict[str, dict[str, float | None]] = {
    "GSE157103": {"all": -0.78},
    "GSE155454": {"all": 0.31, "early": 0.9, "late": None},
    "schulte-cohort1": {"all": -1.7, "early": -1.4, "late": -2.0},
    "schulte-cohort2": {"all": -0.1, "early": 0.8, "late": -0.5},
}


def _effect_row(
    claim: str, part: ClaimPart, cohort: str, stratum: str, effect: float | None, cell_type: str
) -> dict[str, object]:
    known, half = effect is not None, 0.62
    value = effect if effect is not None else np.nan
    return {
        "claim": claim,
        "part": part.id,
        "label": part.label,
        "cohort": cohort,
        "cell_type": cell_type,
        "stratum": stratum,
        "scale": "Hedges' g" if part.test != "coexistence" else "share with both high",
        "n_reference": 14 if known else 2,
        "n_case": 12,
        "n_samples": 30,
        "effect": value,
        "low": value - half,
        "high": value + half,
        "variance": 0.1 if known else np.nan,
        "p": 0.04 if known else np.nan,
        "auroc": 0.5 + 0.3 * np.tanh(value) if part.test == "difference" else np.nan,
        "auroc_low": 0.4 + 0.3 * np.tanh(value),
        "auroc_high": 0.6 + 0.3 * np.tanh(value),
        "mean_day": {"all": 11.0, "early": 6.5, "late": 16.0}[stratum] if known else np.nan,
        "interval": "patient bootstrap",
        "reason": "" if known else "fewer than three patients on a side: 2 against 12",
    }


def _pooled_rows(claim: str, part: ClaimPart, effects: pd.DataFrame) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for stratum, some in effects.dropna(subset=["effect"]).groupby("stratum"):
        n, value = len(some), float(some["effect"].mean())
        rows.append(
            {
                "claim": claim,
                "part": part.id,
                "label": part.label,
                "stratum": stratum,
                "scale": some["scale"].iloc[0],
                "n_cohorts": n,
                "n_reference": some["n_reference"].sum(),
                "n_case": some["n_case"].sum(),
                "effect": value,
                "low": value - 0.7,
                "high": value + 0.7,
                "method": "random effects" if n > 2 else "fixed effects",
                "p": 0.2,
                "p_adjusted": 0.31 if stratum == "all" and part.decides else np.nan,
                "random_low": value - 0.9 if n > 1 else np.nan,
                "random_high": value + 0.9 if n > 1 else np.nan,
                "prediction_low": value - 2.1 if n > 2 else np.nan,
                "prediction_high": value + 2.1 if n > 2 else np.nan,
                "tau2": 0.5 if n > 1 else np.nan,
                "i_squared": 0.82 if n > 1 else np.nan,
                "heterogeneity_q": 17.0 if n > 1 else np.nan,
                "heterogeneity_p": 0.001 if n > 1 else np.nan,
                "auroc": 0.5 + 0.3 * np.tanh(value),
                "auroc_low": 0.4 + 0.3 * np.tanh(value),
                "auroc_high": 0.6 + 0.3 * np.tanh(value),
                "decides": part.decides,
            }
        )
    return rows


def part_result_of(
    claim: str,
    part: ClaimPart,
    verdict: Verdict,
    effects: dict[str, dict[str, float | None]],
) -> PartResult:
    table = pd.DataFrame(
        [
            _effect_row(claim, part, cohort, stratum, effect, cell_type)
            for cell_type in part.cell_types or ("",)
            for cohort, strata in effects.items()
            for stratum, effect in strata.items()
        ],
        columns=list(EFFECT_COLUMNS),
    )
    pooled = pd.DataFrame(_pooled_rows(claim, part, table), columns=list(POOLED_COLUMNS))
    return PartResult(part, verdict, table, pooled)


def _claim_results() -> tuple[ClaimResult, ...]:
    open_ = Verdict("not testable", "No cohort has three replicates.", "Three infected lungs.")
    split = Verdict("context-dependent", "I² is 82 % (p = 0.001) and the sign changes by stage.")
    held = Verdict("supported", "The interval lies on the claimed side of 0.")
    lung = ("GSE147507-lung",)
    analytes = tuple(
        ClaimPart(
            f"il6-{place}",
            "difference",
            f"plasma {name}",
            Measure("analytes", (name,), name, "log10"),
            SEVERITY,
            direction,
            ("yale-impact", "breda-olink"),
            decides=name != "TNF",
        )
        for place, (name, direction) in enumerate(
            {"IFN-α2": "lower", "IL-6": "higher", "TNF": "higher"}.items()
        )
    )
    blood = {"strata": ("all", "early", "late")}
    score = ClaimPart("score", "difference", "interferon score", SCORE, SEVERITY, "lower", ())
    parts = {
        "1": (
            "little interferon, many chemokines",
            open_,
            [
                (
                    replace(score, id="ifnb1", label="IFNB1 and IFNL1", expected="none"),
                    open_,
                    {lung[0]: {"all": None}},
                )
            ],
        ),
        "2a": (
            "interferon score lower in severe",
            split,
            [(replace(score, **blood), split, EFFECTS)],
        ),
        "2b": (
            "IFN-α2 lower, IL-6 and TNF higher in plasma",
            Verdict("contradicted", "IFN-α2 is higher."),
            [
                (part, held, {"yale-impact": {"all": 0.4}, "breda-olink": {"all": 9.0}})
                for part in analytes
            ],
        ),
        "5a": (
            "both programmes in one cell type",
            held,
            [
                (
                    replace(
                        score,
                        id="both",
                        test="coexistence",
                        label="both programmes high",
                        expected="higher",
                        cell_types=(MONOCYTES,),
                    ),
                    held,
                    {name: EFFECTS[name] for name in ("schulte-cohort1", "schulte-cohort2")},
                )
            ],
        ),
        "7": ("robust or impaired", split, [(replace(score, expected="either"), split, EFFECTS)]),
        "Lucas 2020": (
            "interferon sustained in severe",
            Verdict("not resolved", "The interval is too wide.", "More patients."),
            [
                (
                    replace(score, label="score by cell type", cell_types=(MONOCYTES, "B cells")),
                    held,
                    EFFECTS,
                )
            ],
        ),
    }
    return tuple(
        ClaimResult(
            Claim(
                name,
                title,
                f"It is claimed: {title}.",
                "Lee 2020",
                "Lee JS et al. Sci Immunol 2020;5:eabd1554",
                "10.1126/sciimmunol.abd1554",
                tuple(part for part, _, _ in tests),
                needed=verdict.needed,
                note="Read as a difference.",
            ),
            verdict,
            tuple(part_result_of(name, *test) for test in tests),
            f"Paragraph of claim {name}.",
        )
        for name, (title, verdict, tests) in parts.items()
    )


def _day_tables(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    points, curves, slopes = [], [], []
    day = np.linspace(2, 25, 40)
    for cohort in ("schulte-cohort1", "schulte-cohort2"):
        for severe, start in ((0, 1.5), (1, 0.6)):
            at = rng.integers(2, 26, 18).astype(float)
            score = start - 0.11 * (at - 2) * (1 - 0.4 * severe) + rng.normal(0, 0.6, at.size)
            points.append(
                pd.DataFrame(
                    {
                        "cohort": cohort,
                        "patient": [f"{severe}-{i // 2}" for i in range(at.size)],
                        "severe": severe,
                        "day": at,
                        "score": score,
                    }
                )
            )
            fit = start - 0.11 * (day - 2) * (1 - 0.4 * severe)
            band = {"fit": fit, "low": fit - 0.5, "high": fit + 0.5}
            curves.append(pd.DataFrame({"cohort": cohort, "severe": severe, "day": day} | band))
        slopes += [
            {"cohort": cohort, "term": term, "slope": slope, "low": slope - 0.5}
            | {"high": slope + 0.5, "p": 0.01, "n_patients": 18, "n_samples": 36}
            for term, slope in (("mild", -1.1), ("severe", -0.66), ("severe minus mild", 0.44))
        ]
    return {
        "day_points": pd.concat(points, ignore_index=True),
        "day_curves": pd.concat(curves, ignore_index=True),
        "day_slopes": pd.DataFrame(slopes),
    }


def _plane_tables(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    plane, together, variance = [], [], []
    for cohort in ("schulte-cohort1", "schulte-cohort2"):
        severe = np.repeat([0, 1], [11, 9])
        values = rng.normal(0, 1, (severe.size, 2)) + severe[:, None] * [0.3, 1.0]
        mild = np.median(values[severe == 0], axis=0)
        both = (values > mild).all(axis=1)
        plane.append(
            pd.DataFrame(
                {
                    "cohort": cohort,
                    "patient": [f"P{i}" for i in range(severe.size)],
                    "cell_type": MONOCYTES,
                    "severe": severe,
                    "day": rng.integers(2, 26, severe.size).astype(float),
                    "interferon": values[:, 0],
                    "inflammation": values[:, 1],
                    "both_high": both,
                }
            )
        )
        together += [
            {"cohort": cohort, "cell_type": MONOCYTES, "severe": side}
            | {"n_patients": int((severe == side).sum()), "both_high": both[severe == side].mean()}
            | {"low": 0.2, "high": 0.8, "correlation": 0.3, "correlation_low": -0.3}
            | {"correlation_high": 0.7, "correlation_p": 0.3}
            | {
                f"{name}{end}": values[severe == side, place].mean() + shift
                for place, name in enumerate(("interferon", "inflammation"))
                for end, shift in (("", 0.0), ("_low", -0.6), ("_high", 0.6))
            }
            for side in (0, 1)
        ]
        variance += [
            {"cohort": cohort, "source": source, "share": share, "low": share - 0.05}
            | {"high": share + 0.2, "n_patients": 18, "n_samples": 36}
            for source, share in (("severity", 0.12), ("patient", 0.55), ("within", 0.33))
        ]
    return {
        "plane": pd.concat(plane, ignore_index=True),
        "coexistence": pd.DataFrame(together),
        "variance": pd.DataFrame(variance),
    }


def evidence_report_of(**changes: object) -> EvidenceReport:
    """An evidence report with invented numbers of a realistic size."""
    rng = np.random.default_rng(3)
    claims = _claim_results()
    parts = [part for result in claims for part in result.parts]
    known = EFFECTS.items()
    meta = pd.DataFrame(
        [
            {"cohort": cohort, "stratum": stratum, "day": 6.5 if stratum == "early" else 16.0}
            | {"effect": effect, "variance": 0.1 + 0.05 * place}
            for place, (cohort, strata) in enumerate(known)
            for stratum, effect in strata.items()
            if stratum != "all" and effect is not None
        ]
    )
    day = np.linspace(5, 18, 20)
    cohorts = pd.DataFrame(
        {
            "title": ["Leukocytes", "Whole blood", "PBMC Berlin", "PBMC Bonn", "Lung"],
            "kind": "RNA-seq",
            "tissue": "blood",
            "n_samples": [100, 16, 27, 47, 4],
            "n_patients": [100, 16, 18, 17, 4],
            "n_mild": [50, 9, 8, 9, 0],
            "n_severe": [50, 7, 10, 8, 0],
            "days_known": [False, True, True, True, False],
            "n_claims": [3, 3, 6, 6, 0],
            "loaded": [True, True, True, True, False],
            "reason": ["", "", "", "", "its files are not on disk"],
        },
        index=pd.Index([*EFFECTS, "GSE147507-lung"], name="cohort"),
    )
    given: dict[str, object] = {
        "claims": claims,
        "effects": pd.concat([part.effects for part in parts], ignore_index=True),
        "pooled": pd.concat([part.pooled for part in parts if len(part.pooled)], ignore_index=True),
        "verdicts": pd.DataFrame(
            [
                {"claim": result.claim.id, "title": result.claim.title}
                | {"study": result.claim.study, "verdict": result.verdict.label}
                | {"reason": result.verdict.reason, "needed": result.verdict.needed}
                | {"p_adjusted": 0.31}
                for result in claims
            ]
        ),
        **_day_tables(rng),
        **_plane_tables(rng),
        "meta_regression": pd.DataFrame(
            [
                {"moderator": moderator, "estimate": estimate, "low": estimate - 1.2}
                | {"high": estimate + 1.2, "p": 0.2, "n_effects": 5, "n_cohorts": 3, "tau2": 0.9}
                | {"tau2_without": 1.2, "r_squared": 0.25, "i_squared": 0.7}
                for moderator, estimate in (("intercept", -0.3), ("day", -0.9))
            ]
        ),
        "meta_points": meta,
        "meta_line": pd.DataFrame(
            {
                "day": day,
                "fit": 0.6 - 0.09 * day,
                "low": -0.4 - 0.09 * day,
                "high": 1.6 - 0.09 * day,
            }
        ),
        "genes": pd.DataFrame(
            {
                "n_cohorts": [4, 4],
                "n_higher": [1, 2],
                "n_lower": [3, 2],
                "pooled_g": [-0.5, -0.1],
                "low": [-1.4, -1.0],
                "high": [0.4, 0.8],
                "i_squared": [0.8, 0.75],
                "sentence": ["IFI27 is lower in 3 of 4 cohorts.", "SIGLEC1 differs by cohort."],
            },
            index=pd.Index(["IFI27", "SIGLEC1"], name="gene"),
        ),
        "cohorts": cohorts,
        "rule": (
            "Supported: the interval lies on the claimed side of 0.",
            "Not resolved: the interval holds 0 and an effect of 0.5.",
        ),
        "settings": {"random seed": 20, "bootstrap draws": 2000},
        "versions": {"ifn-severity": "0.1.0", "statsmodels": "0.14.5"},
        "checksums": {"GSE157103": "f013a165c973144d"},
        "limits": ("Four blood cohorts are few.",),
    }
    return EvidenceReport(**(given | changes))


@pytest.fixture(scope="session")
def make_evidence() -> Callable[..., EvidenceReport]:
    return evidence_report_of


@pytest.fixture(scope="session")
def evidence() -> EvidenceReport:
    return evidence_report_of()


@pytest.fixture(scope="session")
def evidence_page(tmp_path_factory: pytest.TempPathFactory, evidence: EvidenceReport) -> Path:
    """A whole evidence report, drawn once for all tests that look at it."""
    path = tmp_path_factory.mktemp("evidence") / "evidence.html"
    return write_evidence_report(path, evidence, tables_folder="evidence_tables")


@pytest.fixture(scope="session")
def bare_evidence() -> EvidenceReport:
    """As little as a run can have: one claim that no cohort can test, and no curves."""
    full = evidence_report_of()
    names = "day_points day_curves day_slopes plane coexistence variance meta_regression "
    names += "meta_points meta_line genes pooled"
    empty = {name: getattr(full, name).iloc[:0] for name in names.split()}
    claims = (replace(full.claims[0], paragraph=""),)
    return replace(
        full,
        **empty,
        claims=claims,
        effects=claims[0].parts[0].effects,
        verdicts=full.verdicts.iloc[:1],
    )
