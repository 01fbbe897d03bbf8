"""All that the explanation report says, before it is laid out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ifn_severity.explain.result import Explained

Fact = str | Sequence[str]
Estimate = float | tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class ExplanationReport:
    """What one report says about one model on its cohorts.

    Attributes
    ----------
    explained : Explained
        What was found, the summary sentences and the patients included.
    facts : mapping of str to str or sequence of str
        Who and what, in the order to be shown: cohorts, feature set, kind of model, ...
    metrics : mapping of str to float or (value, low, high)
        Held-out performance of the saved model, with 95 % intervals where there are any.
    versions : mapping of str to str
        Libraries and their versions.
    citations : sequence of str
        Papers behind cohorts and gene lists; the methods' own papers are added.
    limits : sequence of str
        Limits of this model and these cohorts, beside those that hold for every explanation.
    tables_folder : str
        Where the CSV tables lie, as a reader of the report should be told; empty where there
        are none.
    """

    explained: Explained
    facts: Mapping[str, Fact] = field(default_factory=dict)
    metrics: Mapping[str, Estimate] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    citations: Sequence[str] = ()
    limits: Sequence[str] = ()
    tables_folder: str = ""

    @property
    def simulated(self) -> bool:
        """Whether any sample, or any that the model learned from, is simulated."""
        return self.explained.gene_level.simulated
