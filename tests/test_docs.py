"""The pages hang together: every relative link leads to a file, no table was left unwritten."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("models/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere_and_tables_are_written(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), target
    empty = re.findall(r"<!-- begin ([\w-]+) -->\s*<!-- end \1 -->", text)
    assert not empty


def test_the_readme_says_of_interferon_what_the_evidence_says() -> None:
    readme, evidence, validation = (
        (ROOT / name).read_text(encoding="utf-8")
        for name in ("README.md", "docs/evidence.md", "docs/validation.md")
    )
    words = " ".join(readme.split())
    for claim in ("6", "7"):
        row = re.search(rf"^\| \[{claim}\]\(#claim-{claim}\).*$", evidence, flags=re.M)
        assert row is not None
        assert "**not resolved**" in row[0]
        effect = re.search(r"(−?[\d.]+) \((−?[\d.]+ to −?[\d.]+)\)", row[0])
        assert effect is not None
        assert effect[1] in words
        assert effect[2] in words
        assert f"docs/evidence.md#claim-{claim}" in words
    early = re.search(
        r"^\| interferon: schulte-cohort2 \| early \| (\d+) / (\d+) .* ([\d.]+) \|$",
        validation,
        flags=re.M,
    )
    assert early is not None
    assert f"AUROC {early[3]}, [{early[1]} mild and {early[2]} severe samples]" in words
    assert "turns over" not in words
