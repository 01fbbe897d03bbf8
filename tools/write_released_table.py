"""Write the table of the released models in docs/models.md from their manifests."""

from __future__ import annotations

from pathlib import Path

from ifn_severity.bundle import load_model
from ifn_severity.bundle.card_tables import cell, table, with_interval
from ifn_severity.workflows.designs import released

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "models.md"
BEGIN, END = "<!-- released -->\n", "<!-- end released -->"


def released_table(models: Path) -> str:
    """Return the table, as Markdown, from the models in a folder."""
    rows = []
    for name in released().designs:
        found = load_model(models / name).manifest.metrics["leave_one_cohort_out"]
        each = [with_interval(row, "auroc") for row in found["cohorts"].values()]
        summary = [with_interval(found, "mean_auroc"), cell(found["min_auroc"])]
        rows.append([f"`{name}`", *each, *summary, cell(found["median_calibration_slope"])])
    header = ["model", *found["cohorts"], "mean", "least", "median slope"]
    return "\n".join(table(header, rows)) + "\n"


def with_table(page: str, models: Path) -> str:
    """Return the page with the table in its place."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{released_table(models)}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8"), ROOT / "models"), "utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
