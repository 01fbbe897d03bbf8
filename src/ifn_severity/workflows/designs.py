"""The released models' designs, read from ``released.toml``: the one place that fixes them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pandas as pd

from ifn_severity.bundle.manifest import valid_name
from ifn_severity.classify import feature_views, search_space
from ifn_severity.errors import ModelError, nearest
from ifn_severity.evaluate import Candidate
from ifn_severity.features import MIN_REFERENCE_GENES, feature_definition, reference_genes
from ifn_severity.features.reference import reference_profile
from ifn_severity.workflows.dataset import Dataset

_REQUIRED = {"purpose": str, "features": str, "model": str}
_OPTIONAL = {"genes": int, "reference_genes": int}


@dataclass(frozen=True)
class Design:
    """How one released model is made.

    Attributes
    ----------
    name : str
        Name of the model, and of its folder in ``models/``.
    purpose : str
        Whom it is for, in one line.
    features : str
        Named feature set.
    model : str
        Kind of the model.
    genes : int or None
        Most genes to measure, reference genes included; None for no limit. A limit takes
        gene-level features only, which are chosen inside ``fit``.
    reference_genes : int or None
        How many of the reference genes, the most abundant first; None for all eleven.
    """

    name: str
    purpose: str
    features: str
    model: str
    genes: int | None = None
    reference_genes: int | None = None

    @property
    def references(self) -> tuple[str, ...]:
        """The reference genes that samples are measured against."""
        profile = reference_profile()
        if self.reference_genes is None:
            return reference_genes()
        most = sorted(profile, key=lambda gene: -profile[gene])[: self.reference_genes]
        return tuple(gene for gene in profile if gene in most)

    @property
    def max_features(self) -> int | None:
        """Most genes beside the reference genes; None for no limit."""
        return None if self.genes is None else self.genes - len(self.references)

    def columns(self, dataset: Dataset) -> pd.DataFrame:
        """Return the features that this design may use, shape (n_samples, n_features)."""
        table = dataset.columns(self.features)
        if self.genes is None:
            return table
        kinds = feature_definition(self.features).features["kind"]
        return table[kinds.index[kinds == "gene"]]

    def candidate(self, dataset: Dataset) -> Candidate:
        """Return what is cross-validated and fitted."""
        table = self.columns(dataset)
        views = feature_views(table.columns.astype(str))
        return Candidate(self.features, self.model, table.to_numpy(), views, self.max_features)


@dataclass(frozen=True)
class Release:
    """All designs, and what they have in common.

    Attributes
    ----------
    cohorts : tuple of str
    seed, inner_folds : int
    designs : dict of str to Design
        By name, in the order of the file.
    """

    cohorts: tuple[str, ...]
    seed: int
    inner_folds: int
    designs: dict[str, Design]

    def choose(self, names: Sequence[str]) -> list[Design]:
        """Return the designs of these names; all of them when there are none.

        Raises
        ------
        ModelError
            If there is no such design.
        """
        for name in names:
            if name not in self.designs:
                raise ModelError(
                    f"no released model is called {name!r}",
                    expected=f"one of {', '.join(self.designs)}",
                    do=nearest(name, self.designs),
                )
        return [self.designs[name] for name in dict.fromkeys(names or self.designs)]


def released() -> Release:
    """Return the released designs.

    Examples
    --------
    >>> panel = released().designs["severity-panel"]
    >>> panel.genes, len(panel.references), panel.max_features
    (20, 6, 14)
    """
    text = files("ifn_severity.workflows").joinpath("released.toml").read_text("utf-8")
    return parse_release(text)


def parse_release(text: str) -> Release:
    """Read the designs and check that each can be made.

    Parameters
    ----------
    text : str
        TOML with ``cohorts``, ``seed``, ``inner_folds`` and a table ``models.NAME`` a model.

    Raises
    ------
    ModelError
        If it is not that; the message says what is wrong.
    FeatureError
        If a feature set is unknown.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(str(error)) from error
    common = {"cohorts": list, "seed": int, "inner_folds": int, "models": dict}
    _check(data, common, {}, "the file")
    designs = {}
    for name, table in data["models"].items():
        _check(table, _REQUIRED, _OPTIONAL, name)
        design = Design(name=name, **table)
        feature_definition(design.features)
        search_space(design.model)
        if not valid_name(name):
            raise _wrong(f"{name!r} cannot name a model")
        if (
            not MIN_REFERENCE_GENES
            <= len(design.references)
            == (design.reference_genes or len(reference_genes()))
        ):
            raise _wrong(f"{name} has reference_genes = {design.reference_genes}")
        if design.max_features is not None and design.max_features < 1:
            raise _wrong(f"{name} has genes = {design.genes}, none beside the reference genes")
        designs[name] = design
    return Release(tuple(data["cohorts"]), data["seed"], data["inner_folds"], designs)


def _check(
    table: Mapping[str, Any], required: Mapping[str, type], optional: Mapping[str, type], where: str
) -> None:
    known = {**required, **optional}
    for key in required:
        if key not in table:
            raise _wrong(f"{where} lacks {key}")
    for key, value in table.items():
        if key not in known or type(value) is not known[key]:
            raise _wrong(f"{where} has {key} = {value!r}")


def _wrong(what: str) -> ModelError:
    return ModelError(
        f"released.toml: {what}",
        expected="cohorts, seed, inner_folds, and for each model purpose, features, model and, "
        "for a panel, genes and reference_genes",
        do="correct that entry",
    )
