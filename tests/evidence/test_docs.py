"""The page of docs says what a run says."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

from ifn_severity.evidence.load import load_claims
from ifn_severity.evidence.verdict import RULE, WRITTEN
from ifn_severity.workflows.claims import EvidenceResult

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "evidence.md").read_text("utf-8")


def test_every_claim_and_every_clause_is_on_the_page() -> None:
    for claim in load_claims():
        assert f"### Claim {claim.id}\n" in PAGE
        assert claim.sentence in PAGE
        for part in claim.parts:
            assert part.label in PAGE
    for clause in RULE:
        assert clause in PAGE
    # once, and nothing beside it that says more
    assert PAGE.count(WRITTEN) == 1
    assert PAGE.count("before the first run") == 1


@pytest.mark.mirror
def test_the_page_has_the_verdicts_of_a_run(whole_run: tuple[Path, EvidenceResult]) -> None:
    told = dict(re.findall(r"^\| \[(\S+)\]\(#claim.*?\*\*(.+?)\*\*", PAGE, flags=re.M))
    found = {result.claim.id: result.verdict.label for result in whole_run[1].report.claims}
    assert told == found


@pytest.mark.mirror
def test_the_writer_takes_what_a_run_leaves(whole_run: tuple[Path, EvidenceResult]) -> None:
    spec = importlib.util.spec_from_file_location(
        "write_evidence_docs", ROOT / "tools" / "write_evidence_docs.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (whole_run[1].folder / "evidence.json").read_text("utf-8")
    written = module.page(json.loads(text))
    # pooled effects do not rest on bootstrap draws, so these are the very same lines
    line = re.compile(r"^\| \[(?:2a|7|9a|9b|11a)\].*$", flags=re.M)
    assert line.findall(written) == line.findall(PAGE)
