"""The sections of the validation report, answer first: figures and tables in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ifn_severity.report.additions_figure import additions_figure
from ifn_severity.report.blocks import ReportFigure, ReportTable, Section
from ifn_severity.report.comparators_figure import comparators_figure
from ifn_severity.report.forest_figure import forest_figure
from ifn_severity.report.held_out_figures import decision_figure, held_out_roc_figure
from ifn_severity.report.validation import ValidationReport
from ifn_severity.report.validation_calibration import calibration_section
from ifn_severity.report.validation_methods import methods_section, tables_section
from ifn_severity.report.validation_more import (
    candidates_section,
    controls_section,
    learning_section,
    subgroups_section,
    transfer_section,
)
from ifn_severity.report.validation_rows import (
    comparator_means,
    counted_cohorts,
    figure_of,
    nested_estimates,
    nested_rows,
    ordered_cohorts,
    value_of,
)
from ifn_severity.report.validation_words import (
    addition_sentence,
    alone_by_cohort,
    comparison_sentence,
    interferon_alone,
    interferon_sentence,
    shared_sentence,
)
from ifn_severity.report.wording import interval_words, listed, number, signed, unbroken


def validation_sections(report: ValidationReport, *, tables_folder: str = "") -> list[Section]:
    """Return the sections of a report, figures drawn.

    Parameters
    ----------
    report : ValidationReport
        What was found.
    tables_folder : str
        Where the CSV tables lie, as a reader should be told; empty where there are none.

    Raises
    ------
    InputError
        If no cohort has predictions, or the nested headline is missing for one.
    """
    sections = [
        _held_out(report),
        _comparators(report),
        _additions(report),
        calibration_section(report),
        _decisions(report),
        transfer_section(report),
        controls_section(report),
        candidates_section(report),
        subgroups_section(report),
        learning_section(report),
        methods_section(report),
        tables_section(tables_folder),
    ]
    return [section for section in sections if section is not None]


def _named(values: Mapping[str, tuple[float, float, float]]) -> str:
    return listed([f"{name} {interval_words(estimate)}" for name, estimate in values.items()])


def _who(about: Mapping[Any, object], severity: str) -> str:
    samples, patients = about[f"n_{severity}"], about[f"n_{severity}_patients"]
    count = (
        f"{samples} patients" if samples == patients else f"{samples} samples, {patients} patients"
    )
    return f"{count}: {about[f'{severity}_means']}"


def _in_two_lines(estimate: tuple[float, float, float]) -> str:
    """Write an estimate that may break before its interval and nowhere else."""
    return " ".join(unbroken(part) for part in interval_words(estimate).split(" ", 1))


def _held_out(report: ValidationReport) -> Section:
    estimates, rows = nested_estimates(report), nested_rows(report)
    cohorts = ordered_cohorts(report)
    shown = {name: estimates[name] for name in cohorts}
    about = report.cohorts.to_dict("index")
    left = [name for name in cohorts if name not in counted_cohorts(report)]
    unseen = [str(name) for name in report.cohorts.index if str(name) not in cohorts]
    paragraphs = [
        "Each cohort was predicted by a model that learned from the other cohorts only. Mild and "
        "severe do not mean quite the same everywhere, so what they mean stands beside each result."
    ]
    if left:
        paragraphs.append(
            "Not counted in any mean, because a class has fewer than five patients: "
            f"{listed(left)}."
        )
    if unseen:
        paragraphs.append(f"Without held-out predictions: {listed(unseen)}.")
    table = ReportTable(
        caption="Held-out results (95 % CI; a bootstrap gives a share of 0 or 1 no width), and "
        "what mild and severe mean in each cohort",
        columns=("Cohort", "AUROC", "Mild", "Severe", "Sensitivity", "Specificity"),
        rows=tuple(
            (
                name if name in counted_cohorts(report) else f"{name} (not counted)",
                unbroken(interval_words(shown[name])),
                _who(about[name], "mild"),
                _who(about[name], "severe"),
                _in_two_lines(figure_of(rows, name, "sensitivity")),
                _in_two_lines(figure_of(rows, name, "specificity")),
            )
            for name in cohorts
        ),
        numeric=frozenset({4, 5}),
    )
    head = report.headline
    forest = ReportFigure(
        "forest",
        forest_figure(report),
        alt=f"Forest plot of AUROC with 95 % intervals: {_named(shown)}. Mean "
        f"{number(value_of(head, 'mean_auroc'))}, pooled {number(value_of(head, 'pooled'))}, "
        f"prediction interval {number(value_of(head, 'prediction_low'))} to "
        f"{number(value_of(head, 'prediction_high'))}.",
        caption="Circles are ours, diamonds the best published score on the same patients, each "
        "with its 95 % interval. The dotted line is the random-effects pooled AUROC; in the shaded "
        "band the true AUROC of a further cohort is expected with 95 % probability.",
    )
    roc = ReportFigure(
        "roc",
        held_out_roc_figure(report),
        alt=f"ROC curves on held-out cohorts. AUROC: {_named(shown)}.",
        caption="The diamond is where patients are called severe. Its threshold was set without "
        "the cohort shown.",
    )
    heading = "How well it does on cohorts never seen"
    return Section("held-out", heading, tuple(paragraphs), figures=(forest, roc), tables=(table,))


def _comparators(report: ValidationReport) -> Section:
    heading = "Beside the published signatures"
    if report.comparators.empty:
        return Section("comparators", heading, (comparison_sentence(report),))
    means = comparator_means(report)
    mean = report.differences[report.differences["cohort"].astype(str) == "mean"]
    by_label = {str(row["label"]): row for row in mean.to_dict("records")}
    blank = {"difference": float("nan"), "low": float("nan"), "high": float("nan")}
    rows = []
    for label, found in means.items():
        row = by_label.get(label, blank)
        gap, low, high = (float(row[name]) for name in ("difference", "low", "high"))
        rows.append(
            (
                label,
                number(found.mean),
                number(found.worst),
                str(found.n_cohorts),
                "–"
                if gap != gap
                else unbroken(f"{signed(gap, 3)} ({signed(low, 3)} to {signed(high, 3)})"),
            )
        )
    table = ReportTable(
        caption="Published scores on the same patients, best first",
        columns=("Score", "Mean AUROC", "Worst", "Cohorts", "Ours less it (95 % CI)"),
        rows=tuple(rows),
        numeric=frozenset({1, 2, 3, 4}),
    )
    left = report.comparators[report.comparators["left_out"].astype(str).str.len() > 0]
    items = tuple(
        f"{row['label']} is left out on {row['cohort']}: {row['left_out']}"
        for row in left.to_dict("records")
    )
    words = listed([f"{label} {number(found.mean)}" for label, found in means.items()])
    figure = ReportFigure(
        "comparators",
        comparators_figure(report),
        alt=f"AUROC of every published score on every cohort. Means: {words or 'none'}.",
        caption="Every score keeps its published direction: an AUROC below 0.5 means that it "
        "points the wrong way here. The dotted line is ours in that panel. Last panel: means over "
        "the counted cohorts, with the prediction interval of ours as a band; where a score was "
        "left out, the number of cohorts stands beside its mean.",
    )
    paragraphs = (comparison_sentence(report),)
    return Section(
        "comparators", heading, paragraphs, figures=(figure,), tables=(table,), items=items
    )


def _additions(report: ValidationReport) -> Section:
    heading = "What interferon adds"
    paragraphs = [interferon_sentence(report), addition_sentence(report, "cytokine")]
    shared = [shared_sentence(report.headline, group) for group in ("interferon", "cytokine")]
    figures: tuple[ReportFigure, ...] = ()
    if not report.additions.empty:
        what = interferon_alone(report)
        alone = alone_by_cohort(report)
        by_itself = listed([f"{name} {number(value)}" for name, value in alone.items()])
        figures = (
            ReportFigure(
                "additions",
                additions_figure(report),
                alt="Difference in AUROC with and without a group of features. "
                + " ".join(paragraphs)
                + (f" {what[:1].upper()}{what[1:]} alone: {by_itself}." if by_itself else ""),
                caption="Left of the line the prediction is better without the group, right of it "
                "better with it; bars are paired 95 % patient-bootstrap intervals. In the last "
                f"panel an AUROC below 0.5 means that a low {what} goes with severe disease.",
            ),
        )
    table = report.interactions
    rows = tuple(
        (
            str(row["interaction"]),
            str(row["cohort"]),
            f"{signed(float(row['difference']), 3)} "
            f"({signed(float(row['low']), 3)} to {signed(float(row['high']), 3)})",
            number(row["coefficient"]),
        )
        for row in table.to_dict("records")
    )
    shown = ReportTable(
        caption="Whether an explicit interaction helps a small linear model, held out",
        columns=("Interaction", "Cohort", "Difference in AUROC (95 % CI)", "Coefficient"),
        rows=rows,
        numeric=frozenset({2, 3}),
    )
    tables = (shown,) if rows else ()
    # of use only beside a comparison
    paragraphs += [text for text in shared if text and figures]
    return Section("additions", heading, tuple(paragraphs), figures=figures, tables=tables)


def _decisions(report: ValidationReport) -> Section:
    figure = ReportFigure(
        "decision",
        decision_figure(report, seed=int(report.headline.get("seed", 0))),
        alt="Decision curves: net benefit over threshold probabilities for ours, treating all "
        "and treating none, one panel a cohort.",
        caption="At each threshold the highest line is the best policy. Published scores give no "
        "probability, so ours stands beside treating all and treating none only. Net "
        "benefit depends on the share of severe patients, which in these studies is not that of "
        "any clinic.",
    )
    heading = "Whether acting on it would be worth it"
    return Section("decision", heading, figures=(figure,))
