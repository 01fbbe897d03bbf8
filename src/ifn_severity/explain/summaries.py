"""Words for directions, and which patients are telling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import pandas as pd

from ifn_severity.errors import InputError
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
    """Return the refusal of a sample that is not there, with the names nearest to it.

    Names are compared with and without their cohort. Where none is near, three are shown: a list
    of hundreds helps nobody.

    Parameters
    ----------
    sample : str
    names : sequence of str
        Explained samples, ``cohort:sample``.
    cohort : str
        What is explained.

    Examples
    --------
    >>> names = [f"A:S{i:02d}" for i in range(30)]
    >>> unknown_sample("S3", names, "A").do
    'did you mean A:S23 or A:S13 or A:S03?'
    >>> unknown_sample("NOPE", names, "A").do
    'name one of them as cohort:sample, such as A:S00, A:S01, A:S02 (27 more)'
    """
    whole = {name.casefold(): name for name in names}
    short = {name.partition(":")[2].casefold(): name for name in names}
    typed = sample.casefold()
    close = [
        found[name]
        for found in (short, whole)
        for name in get_close_matches(typed, found, n=3, cutoff=0.6)
    ]
    near = list(dict.fromkeys(close))[:3]
    more = f" ({len(names) - 3} more)" if len(names) > 3 else ""
    return InputError(
        f"sample {sample} is not among the {len(names)} explained samples",
        expected=f"a sample of cohort {cohort}",
        do=f"did you mean {' or '.join(near)}?"
        if near
        else f"name one of them as cohort:sample, such as {', '.join(names[:3])}{more}",
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
