"""Genes that stand in a matrix more than once: taken once if they agree, refused if not."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ifn_severity.errors import FeatureError, listed
from ifn_severity.features.definition import locate


@dataclass(frozen=True, eq=False)
class Repeats:
    """Columns under a name that another column, which is read, has too.

    The rule is that of the commands on files: columns of one name that hold the same values are
    taken once, with a warning, and a gene that has several values in a sample is refused. Nothing
    is chosen or averaged. Columns that no feature reads may be called what they like.

    Attributes
    ----------
    names : tuple of str
        Their names, one an entry of ``again``.
    first : ndarray of int
        The column that is read in place of each.
    again : ndarray of int
        Where they stand.
    """

    names: tuple[str, ...]
    first: np.ndarray
    again: np.ndarray

    @classmethod
    def find(cls, columns: Sequence[str], read: Iterable[int]) -> Repeats:
        """Find the columns that are called as one of those that are read.

        Parameters
        ----------
        columns : sequence of str
            Names of the matrix's columns.
        read : iterable of int
            Which of them are read.

        Examples
        --------
        >>> Repeats.find(["IFI27", "Y_RNA", "IFI27", "Y_RNA"], [0]).again.tolist()
        [2]
        """
        places = {columns[at]: int(at) for at in read}
        found = sorted(
            (places[name], at) for at, name in enumerate(columns) if places.get(name, at) != at
        )
        first, again = np.array(found, dtype=np.intp).reshape(-1, 2).T
        return cls(tuple(columns[at] for at in again), first, again)

    def within(self, columns: np.ndarray) -> Repeats:
        """Return the same with ``first`` counted among some columns, which ascend."""
        return replace(self, first=np.searchsorted(columns, self.first))

    def check(self, first: np.ndarray, again: np.ndarray, *, first_row: int = 0) -> None:
        """Refuse genes that have several values in a sample.

        Parameters
        ----------
        first, again : ndarray of shape (n_samples, n_repeats)
            Values of the columns that are read, and of those that repeat them.
        first_row : int
            Number of the first row, for the message.

        Raises
        ------
        FeatureError
            If they differ.
        """
        differ = np.asarray(first != again)
        if not differ.any():
            return
        names = listed(dict.fromkeys(self.names[at] for at in np.flatnonzero(differ.any(axis=0))))
        row = first_row + int(np.flatnonzero(differ.any(axis=1))[0])
        raise FeatureError(
            f"genes occur more than once with different values: {names} (first: row {row})",
            expected="every gene once",
            do="merge these columns (e.g. add the counts of a gene's transcripts), or leave out "
            "all but one",
        )

    def warn(self, *, stacklevel: int = 3) -> None:
        """Warn of genes that were taken once; nothing is said if there are none."""
        if self.names:
            warnings.warn(
                f"genes listed twice with the same values were taken once: "
                f"{listed(dict.fromkeys(self.names))}",
                UserWarning,
                stacklevel=stacklevel,
            )


def take_once(X: Any, genes: Sequence[str]) -> Any:
    """Leave out the columns of a table whose name an earlier column has.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns), or anything else, which is returned as it is
    genes : sequence of str
        Genes that are read: of these, columns of one name must agree.

    Returns
    -------
    DataFrame of shape (n_samples, n_names)

    Raises
    ------
    FeatureError
        If a gene that is read occurs more than once with different values.
    """
    if not isinstance(X, pd.DataFrame) or X.columns.is_unique:
        return X
    names = [str(name) for name in X.columns]
    found = locate(names, genes)
    repeats = Repeats.find(names, found[found >= 0])
    repeats.check(X.iloc[:, repeats.first].to_numpy(), X.iloc[:, repeats.again].to_numpy())
    repeats.warn(stacklevel=4)
    return X.loc[:, ~X.columns.duplicated()]
