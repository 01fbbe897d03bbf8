"""Words for directions, and which patients are telling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ifn_severity.errors import InputError, nearest
from ifn_severity.explain.attributions import Attributions

RISES = "higher expression, higher predicted risk"
FALLS = "higher expression, lower predicted risk"
MIXED = "no single direction"


def sample_position(attributions: Attributions, sample: str) -> int:
    """Return the row of a sample.

    Raises
    ------
    InputError
        If the explanation has no such sample.
    """
    names = [str(name) for name in attributions.values.index]
    if sample not in names:
        raise unknown_sample(sample, names, attributions.cohort)
    return names.index(sample)


def unknown_sample(sample: str, names: Sequence[str], cohort: str) -> InputError:
    """Return the refusal of a sample that is not there; names count without their cohort too.

    Parameters
    ----------
    sample : str
    names : sequence of str
        Explained samples, ``cohort:sample``.
    cohort : str
        What is explained.

    Examples
    --------
    >>> unknown_sample("S3", [f"A:S{i:02d}" for i in range(60)], "A").do
    'did you mean A:S53 or A:S43 or A:S39?'
    """
    return InputError(
        f"sample {sample} is not among the {len(names)} explained samples",
        expected=f"a sample of cohort {cohort}",
        do=nearest(sample, names, {name.partition(":")[2]: name for name in names}),
    )


@dataclass(frozen=True)
class ChosenPatient:
    """A sample to show in full, and why this one."""

    sample: str
    why: str


def choose_patients(
    attributions: Attributions, *, threshold: float | np.ndarray = 0.5
) -> list[ChosenPatient]:
    """Choose up to four telling patients: the two ends, the border and the worst error.

    Parameters
    ----------
    attributions : Attributions
        What is explained.
    threshold : float or ndarray of shape (n_samples,)
        Probability from which a patient is called severe by the model that explains it.
    """
    probability = pd.Series(attributions.probability, index=attributions.values.index)
    severe = attributions.obs["severe"].reindex(probability.index).astype(float)
    chosen: dict[str, str] = {}

    def add(candidates: pd.Series, why: str) -> None:
        candidates = candidates.drop(list(chosen), errors="ignore")
        if not candidates.empty:
            chosen[str(candidates.idxmax())] = why

    add(probability[severe == 1], "highest predicted risk among severe patients")
    add(-probability[severe == 0], "lowest predicted risk among patients who were not severe")
    wrong = (probability - severe).abs()
    wrong = wrong[((probability >= threshold) != (severe == 1)) & severe.notna()]
    add(wrong, "the prediction that missed by most")
    add(-(probability - threshold).abs(), "closest to the decision threshold")
    return [ChosenPatient(sample, why) for sample, why in chosen.items()]
