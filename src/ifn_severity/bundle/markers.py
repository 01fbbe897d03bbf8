"""Hints in a sample itself of its tissue (blood, whole blood or PBMC) and of the sex.

Levels are those of the features, log2(x / size factor + 16), so 4 is "not expressed". The limits
lie in the gaps between the public cohorts; docs/predict.md has the table.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ifn_severity.features.definition import locate
from ifn_severity.features.reference import OFFSET, reference_genes, reference_profile, size_factors

LEUKOCYTE = (
    *("PTPRC", "LAPTM5", "CORO1A", "CD53", "LCP1"),
    *("CYBB", "LSP1", "SRGN", "HCLS1", "ARHGDIB"),
)
EPITHELIAL = (
    *("EPCAM", "KRT8", "KRT18", "KRT19", "KRT7", "CDH1"),
    *("CLDN4", "SFTPC", "SFTPB", "COL1A1", "COL1A2", "CAV1"),
)
NEUTROPHIL = (
    *("FCGR3B", "CXCR2", "CSF3R", "CMTM2", "MGAM", "ALPL"),
    *("CXCR1", "FPR1", "MNDA", "FPR2", "VNN2"),
)
Y_CHROMOSOME = ("RPS4Y1", "DDX3Y", "EIF1AY", "KDM5D")
MARKERS = (*LEUKOCYTE, *EPITHELIAL, *NEUTROPHIL, *Y_CHROMOSOME, "XIST")

# leukocyte less epithelial: blood 3.9 and more, lung biopsies 2.5 and less, cell lines -1.8
_BLOOD = 3.2
# where no epithelial gene is there: blood 8.4 and more, cell lines 4.4 and less
_BLOOD_ALONE = 7.0
# neutrophil genes: whole blood 8.3 and more, PBMC 7.5 and less, immature neutrophils included
_WHOLE_BLOOD = 7.9
# four genes of the Y chromosome: men 5.0 and more, women 4.8 and less; XIST: women 6.9 and more
_MALE_Y, _FEMALE_Y, _XIST = 5.5, 4.6, 6.5
_LEAST_GENES = 4
PBMC, WHOLE_BLOOD = "PBMC", "whole blood"
SEXES = {"m": "male", "male": "male", "f": "female", "female": "female"}


def kind_of_blood(tissue: str) -> str:
    """Return which of the two kinds of blood a cohort's tissue is, or an empty text.

    Examples
    --------
    >>> kind_of_blood("leukocytes from whole blood"), kind_of_blood("PBMC"), kind_of_blood("lung")
    ('whole blood', 'PBMC', '')
    """
    low = tissue.lower()
    if "pbmc" in low or "mononuclear" in low:
        return PBMC
    return WHOLE_BLOOD if "whole blood" in low else ""


class Markers:
    """Where the marker genes stand in a matrix.

    Parameters
    ----------
    columns : sequence of str
        Names of all columns.
    trained_on : sequence of str
        Kinds of blood that the model was trained on; empty where that is not known.
    """

    def __init__(self, columns: Sequence[str], trained_on: Sequence[str] = ()) -> None:
        self.trained_on = tuple(trained_on)
        self._names = (*reference_genes(), *MARKERS)
        found = locate(columns, self._names)
        self._there = {name: i for i, name in enumerate(self._names) if found[i] >= 0}
        self.columns = found[found >= 0]
        self._order = {name: at for at, name in enumerate(self._there)}

    def levels(self, values: np.ndarray, genes: Sequence[str]) -> np.ndarray:
        """Return the mean level of some genes, NaN where fewer than four (of one: none) are there.

        Parameters
        ----------
        values : ndarray of shape (n_samples, len(self.columns))
            log2(x+1) of ``self.columns``.
        genes : sequence of str
        """
        at = [self._order[gene] for gene in genes if gene in self._order]
        reference = [gene for gene in reference_genes() if gene in self._order]
        if len(at) < min(_LEAST_GENES, len(genes)) or not reference:
            return np.full(len(values), np.nan)
        usual = np.array([reference_profile()[gene] for gene in reference])
        places = [self._order[gene] for gene in reference]
        size = size_factors(np.exp2(values[:, places]) - 1.0, usual)
        linear = np.maximum(np.exp2(values[:, at]) - 1.0, 0.0)
        return np.asarray(np.log2(linear / size[:, None] + OFFSET).mean(axis=1))

    def tissue(self, values: np.ndarray) -> list[str]:
        """Say of each sample why its tissue is not that of the training data; empty where it is.

        Parameters
        ----------
        values : ndarray of shape (n_samples, len(self.columns))
        """
        leukocyte = self.levels(values, LEUKOCYTE)
        epithelial = self.levels(values, EPITHELIAL)
        neutrophil = self.levels(values, NEUTROPHIL)
        difference = leukocyte - epithelial
        foreign = np.where(np.isfinite(difference), difference < _BLOOD, leukocyte < _BLOOD_ALONE)
        texts = [""] * len(values)
        kinds = set(self.trained_on)
        for i in np.flatnonzero(foreign):
            texts[i] = "this is not blood: leukocyte genes are too low" + (
                " beside epithelial and stromal ones" if np.isfinite(difference[i]) else ""
            )
        if len(kinds) == 1:
            (trained,) = kinds
            low, high = neutrophil < _WHOLE_BLOOD, neutrophil >= _WHOLE_BLOOD
            other, level, like = (
                (low, "low", PBMC) if trained == WHOLE_BLOOD else (high, "high", WHOLE_BLOOD)
            )
            for i in np.flatnonzero(other & ~foreign):
                texts[i] = (
                    f"neutrophil genes are as {level} as in {like}, and the model was trained on "
                    f"{trained} only"
                )
        return texts

    def sex(self, values: np.ndarray, stated: Sequence[object] | None) -> list[str]:
        """Say of each sample where its genes contradict the sex that is stated.

        Parameters
        ----------
        values : ndarray of shape (n_samples, len(self.columns))
        stated : sequence or None
            ``male``, ``female``, ``M`` or ``F``; anything else is unknown.
        """
        texts = [""] * len(values)
        if stated is None:
            return texts
        y_genes, xist = self.levels(values, Y_CHROMOSOME), self.levels(values, ("XIST",))
        # one of the two suffices, as long as the other does not object
        male = (y_genes >= _MALE_Y) & ~(xist >= _XIST)
        female = (y_genes < _FEMALE_Y) & ~(xist < _XIST)
        for i, word in enumerate(stated):
            said = SEXES.get(str(word).strip().lower())
            if (said == "male" and female[i]) or (said == "female" and male[i]):
                seen = "female" if female[i] else "male"
                texts[i] = (
                    f"stated {said}, but genes of the Y chromosome and XIST look {seen}: "
                    "samples may have been swapped"
                )
        return texts
