"""The page of gene lists is the catalogue's, to the byte."""

from __future__ import annotations

import runpy
from pathlib import Path

from ifn_severity.features import load_catalogue

ROOT = Path(__file__).parents[2]


def test_the_page_is_up_to_date() -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "write_signature_docs.py"))
    written = (ROOT / "docs" / "signatures.md").read_text(encoding="utf-8")
    assert written == tool["page"](), "run python tools/write_signature_docs.py"


def test_every_list_has_an_entry_with_citation_and_licence() -> None:
    written = (ROOT / "docs" / "signatures.md").read_text(encoding="utf-8")
    entries = {part.split("\n", 1)[0]: part for part in written.split("\n### ")[1:]}
    assert set(entries) == set(load_catalogue())
    for signature in load_catalogue().values():
        entry = entries[signature.name]
        assert f"- Citation: {signature.citation}\n" in entry
        assert f"- Licence: {signature.licence}\n" in entry
        assert f"- Size check: {signature.size_check}\n" in entry
        assert all(gene in entry for gene in signature.genes)
