"""``ifn-severity models``: what is saved, what is registered, and which version is champion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from ifn_severity.bundle import SeverityModel
    from ifn_severity.workflows.registry import Version

_UNKNOWN = "–"


def show_models() -> None:
    """Print the models in ``models/`` and every registered version."""
    from rich.markup import escape

    from ifn_severity.bundle import list_models, load_model
    from ifn_severity.bundle.contents import printable
    from ifn_severity.commands.console import console
    from ifn_severity.errors import ModelError
    from ifn_severity.workflows.registry import versions

    screen = console()
    names = list_models()
    table = _table(
        "saved in models/", ["model", "features", "kind", "genes"], "on cohorts held out"
    )
    for name in names:
        try:
            model = load_model(name)
        except ModelError as error:
            why = escape(f"cannot be loaded: {printable(error.got)}")
            table.add_row(escape(printable(name)), _UNKNOWN, _UNKNOWN, _UNKNOWN, why)
            continue
        manifest = model.manifest
        simulated = " (SIMULATED)" if model.simulated else ""
        table.add_row(
            escape(printable(name)) + simulated,
            manifest.feature_set,
            manifest.model,
            str(len(manifest.genes)),
            _held_out(model),
        )
    if names:
        screen.print(table)
    else:
        screen.print("No model in models/ yet: ifn-severity train COHORT, or release.")
    found = versions()
    if found:
        screen.print(_version_table(found))
    else:
        screen.print("None is registered: ifn-severity train COHORT… --register, or release.")


def show_model(name: str) -> None:
    """Print one model: as it is in ``models/``, and its registered versions.

    Raises
    ------
    ModelError
        If it is neither saved nor registered.
    """
    from ifn_severity.bundle import list_models, load_model
    from ifn_severity.commands.console import console, short
    from ifn_severity.errors import ModelError, nearest
    from ifn_severity.workflows.registry import fitted_cohorts, versions

    found = versions()
    own = [version for version in found if version.name == name]
    saved = list_models()
    if name not in saved and not own:
        known = {*saved, *(version.name for version in found)}
        raise ModelError(
            f"no model is called {name!r}",
            expected="a model in models/ or a registered one",
            do=nearest(name, known) if known else "train one: ifn-severity train COHORT",
        )
    screen = console()
    if name in saved:
        model = load_model(name)
        manifest = model.manifest
        cohorts = ", ".join(fitted_cohorts(manifest))
        for label, value in (
            ("folder", short(model.path)),
            ("features", f"{manifest.feature_set}, {len(manifest.columns)} columns"),
            ("kind", manifest.model),
            ("genes", str(len(manifest.genes))),
            ("trained on", cohorts or "not recorded"),
            ("held out", _held_out(model)),
            ("threshold", f"{model.threshold:.3f}"),
            ("saved", f"{manifest.created}, ifn-severity {manifest.package_version}"),
            ("use", manifest.intended_use),
            ("card", short(model.path / "MODEL_CARD.md")),
        ):
            screen.print(f"{label + ':':<12}{value}", markup=False, soft_wrap=True)
        for note in model.notes:
            screen.print(f"• {note}", markup=False)
    if not own:
        screen.print("It is not registered.")
        return
    screen.print(_version_table(own))
    for version in own:
        screen.print(f"version {version.number}: {version.description}", markup=False)
        for key in ("champion_because", "champion_refused_because", "champion_forced"):
            if key in version.tags:
                screen.print(f"  {key.replace('_', ' ')}: {version.tags[key]}", markup=False)


def promote(name: str, version: str, *, force: bool, reason: str) -> None:
    """Move the alias champion and say what was compared.

    Raises
    ------
    IfnSeverityError
        If there is no such version, the rule is against it, or the store cannot be written.
    """
    from ifn_severity.commands.console import console
    from ifn_severity.workflows.champion import promote as run

    done = run(name, version, force=force, reason=reason)
    screen = console()
    before = f" in place of version {done.before}" if done.before not in (None, version) else ""
    screen.print(f"{name} version {version} is champion{before}.", markup=False)
    screen.print(f"{done.decision.summary}.", markup=False)
    if done.forced:
        screen.print("The rule was against it, and your reason is kept:", style="bold yellow")
        for why in done.decision.reasons:
            screen.print(f"• {why}", markup=False)


def _held_out(model: SeverityModel) -> str:
    evidence: Any = model.manifest.metrics.get("leave_one_cohort_out")
    if not evidence:
        inside = model.manifest.metrics.get("auroc")
        return f"no; inside its cohort AUROC {inside:.3f}" if isinstance(inside, float) else "no"
    low, high = evidence["mean_auroc_ci"]
    mean, least = evidence["mean_auroc"], evidence["min_auroc"]
    return f"mean AUROC {_number(mean)} ({_number(low)}–{_number(high)}), least {_number(least)}"


def _number(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:.3f}"


def _version_table(found: list[Version]) -> Table:
    table = _table(
        "registered", ["model", "version", "champion", "registered on"], "features, kind"
    )
    for heading in ("mean AUROC", "least", "median slope"):
        table.add_column(heading, justify="right")
    for version in found:
        tags = version.tags
        simulated = " (SIMULATED)" if tags.get("simulated") == "true" else ""
        table.add_row(
            version.name + simulated,
            version.number,
            "champion" if version.champion else "",
            f"{version.created:%Y-%m-%d %H:%M}",
            f"{tags.get('feature_set', _UNKNOWN)}, {tags.get('model', _UNKNOWN)}",
            tags.get("mean_auroc", _UNKNOWN),
            tags.get("min_auroc", _UNKNOWN),
            tags.get("median_calibration_slope", _UNKNOWN),
            style="bold" if version.champion else "",
        )
    return table


def _table(title: str, headings: list[str], last: str) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for heading in (*headings, last):
        table.add_column(heading)
    return table
