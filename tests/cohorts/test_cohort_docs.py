"""The page of cohorts is that of the cards, to the byte."""

from __future__ import annotations

import runpy
from pathlib import Path

from ifn_severity.cohorts.card import built_in_cohorts

ROOT = Path(__file__).parents[2]


def test_the_page_is_up_to_date() -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "write_cohort_docs.py"))
    written = (ROOT / "docs" / "cohorts.md").read_text(encoding="utf-8")
    assert written == tool["page"](), "run python tools/write_cohort_docs.py"


def test_every_cohort_has_an_entry_with_its_rule_and_its_caveats() -> None:
    written = (ROOT / "docs" / "cohorts.md").read_text(encoding="utf-8")
    entries = {part.split("\n", 1)[0]: part for part in written.split("\n### ")[1:]}
    cards = built_in_cohorts()
    assert set(entries) == {card.name for card in cards}
    for card in cards:
        entry = entries[card.name]
        assert card.severity.rule in entry
        assert card.severity.mild_means in entry
        assert all(caveat in entry for caveat in card.caveats)
        assert all(file.licence in entry for file in card.files)
