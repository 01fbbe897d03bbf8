"""Claims as data: all are there, a new one needs no code, and a wrong one is refused with help."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ifn_severity.errors import ClaimError
from ifn_severity.evidence.load import load_claims, shared_of

# the table of findings, and the further ones named under it
FINDINGS = ["1", "2a", "2b", "2c", "3", "4a", "4b", "4c", "5a", "5b", "6", "7"]
FURTHER = {"Galani", "Arunachalam", "Schulte-Schrepping", "Silvin", "Lucas", "da Silva"}

MINE = """
[study]
name = "Me 2026"
citation = "Me. A claim. 2026."
doi = "10.1000/xyz"

[[claim]]
id = "mine"
title = "MX1 higher"
sentence = "MX1 is higher in severe disease."
needed = "more patients"

[[claim.part]]
id = "mx1"
test = "difference"
label = "MX1, severe against milder"
measure = { genes = ["MX1"] }
contrast = "severe against milder"
expected = "higher"
cohorts = ["GSE157103"]
"""


def mine(folder: Path, before: str = "", after: str = "") -> Path:
    path = folder / "mine.toml"
    assert before in MINE
    path.write_text(MINE.replace(before, after) if before else MINE)
    return path


def test_every_finding_is_declared_in_the_articles_order() -> None:
    claims = load_claims()
    ids = [claim.id for claim in claims]
    assert ids[: len(FINDINGS)] == FINDINGS
    assert all(any(name in claim.study for claim in claims) for name in FURTHER)
    for claim in claims:
        assert re.fullmatch(r"10\.\d{4,}/\S+", claim.doi)
        assert claim.sentence.endswith(".")
        assert claim.needed
        assert any(part.decides for part in claim.parts)


def test_findings_are_tested_where_they_may_be() -> None:
    claims = {claim.id: claim for claim in load_claims()}
    blood = {"GSE157103", "GSE155454", "schulte-cohort1", "schulte-cohort2"}
    assert set(claims["2a"].parts[0].cohorts) == blood
    assert {part.cell_types for part in claims["5a"].parts if part.decides} == {
        ("classical monocytes",)
    }
    assert {part.test for part in claims["5a"].parts} >= {"coexistence", "correlation"}
    assert [part.expected for part in claims["2b"].parts] == ["lower", "higher", "higher"]
    assert set(shared_of().cell_types["CD14 monocytes"]) == {"schulte-cohort1", "schulte-cohort2"}


def test_a_claim_of_ones_own_needs_no_code(tmp_path: Path) -> None:
    claims = load_claims([mine(tmp_path)])
    assert claims[-1].id == "mine"
    assert claims[-1].parts[0].measure.names == ("MX1",)
    own = MINE + '\n[contrast.x]\ncase = "a"\ncase_is = [{ sex = ["male"] }]\n'
    own += 'reference = "b"\nreference_is = [{ sex = ["female"] }]\n'
    (tmp_path / "own.toml").write_text(
        own.replace('contrast = "severe against milder"', 'contrast = "x"')
    )
    part = load_claims([tmp_path / "own.toml"])[-1].parts[0]
    assert part.contrast.case_is == ({"sex": ("male",)},)


@pytest.mark.parametrize(
    ("before", "after", "message", "help_"),
    [
        ('"GSE157103"', '"GSE157130"', "unknown cohort 'GSE157130'", "did you mean GSE157103"),
        ('"MX1"', '"MX11"', "unknown gene 'MX11'", "did you mean MX1"),
        (
            'genes = ["MX1"]',
            'score = "Rice2013_IFN"',
            "unknown list 'Rice2013_IFN'",
            "did you mean Rice2013_IFN6",
        ),
        ('genes = ["MX1"]', 'analytes = ["IFNA3"]', "unknown analyte 'IFNA3'", "did you mean"),
        ('genes = ["MX1"]', 'score = "IFN_score"', "unknown list", "BTM_M75_antiviral_IFN, … ("),
        ('genes = ["MX1"]', 'score = "zzzz"', "unknown list 'zzzz'", "(86 in all)"),
        ('genes = ["MX1"]', 'analytes = ["TNFa"]', "unknown analyte 'TNFa'", "did you mean TNF?"),
        ('genes = ["MX1"]', 'analytes = ["zzz"]', "unknown analyte 'zzz'", "in all)"),
        ('"MX1"]', '"G1P3"]', "unknown gene 'G1P3'", "did you mean IFI6?"),
        (
            'test = "difference"',
            'test = "correlation"\nsecond = { analytes = ["TNF"] }',
            "GSE157103 measured no plasma proteins",
            "correct the claim",
        ),
        (
            'cohorts = ["GSE157103"]',
            'cell_types = ["clasical monocytes"]\ncohorts = ["GSE157103"]',
            "unknown cell type 'clasical monocytes'",
            "did you mean classical monocytes",
        ),
        (
            '"severe against milder"',
            '"severe vs mild"',
            "unknown contrast",
            "severe against milder",
        ),
        (
            'cohorts = ["GSE157103"]',
            'cell_types = ["classical monocytes"]\ncohorts = ["GSE157103"]',
            "GSE157103 has no classical monocytes",
            "correct the claim",
        ),
        (
            'genes = ["MX1"] }\ncontrast = "severe against milder"\nexpected = "higher"\n'
            'cohorts = ["GSE157103"]',
            'analytes = ["IFNA2"] }\ncontrast = "severe against milder"\nexpected = "higher"\n'
            'cohorts = ["breda-olink"]',
            "unknown analyte of breda-olink 'IFNA2'",
            "did you mean IFNG",
        ),
        ('"GSE157103"]', '"yale-impact"]', "plasma proteins, no transcripts", "correct the claim"),
        ('test = "difference"', 'test = "t-test"', "test = 't-test'", "correct the claim"),
        ('expected = "higher"', 'expected = "none"', "expected = 'none'", "correct the claim"),
        ('test = "difference"', 'test = "level"', "limit = nan", "correct the claim"),
        ('needed = "more patients"', "", "no field 'needed'", "correct the claim"),
        ('title = "MX1 higher"', 'titel = "MX1 higher"', "no field 'title'", "correct the claim"),
        ('id = "mine"', 'id = "2a"', "two claims are called '2a'", "rename one"),
        ("[study]", "[study", "is no TOML", "correct the line"),
        ('genes = ["MX1"]', 'genes = ["MX1"], score = "x"', "2 of score", "correct the claim"),
        ('cohorts = ["GSE157103"]', "cohorts = []", "no cohorts", "correct the claim"),
        (
            'cohorts = ["GSE157103"]',
            'cohorts = ["GSE157103"]\ndecides = false',
            "no part decides",
            "correct the claim",
        ),
    ],
)
def test_wrong_claims_are_refused(
    tmp_path: Path, before: str, after: str, message: str, help_: str
) -> None:
    with pytest.raises(ClaimError) as refused:
        load_claims([mine(tmp_path, before, after)])
    assert message in refused.value.got
    assert help_ in refused.value.do
    assert refused.value.expected


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ClaimError, match="cannot be read"):
        load_claims([tmp_path / "nothing.toml"])
