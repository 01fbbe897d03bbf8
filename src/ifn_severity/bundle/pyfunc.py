"""What MLflow calls: ``mlflow.pyfunc.load_model("models/NAME")`` and ``mlflow models serve``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ifn_severity.bundle.load import load_folder
from ifn_severity.bundle.model import SeverityModel
from ifn_severity.errors import IfnSeverityError, InputError


class SeverityPyfunc:
    """A model as MLflow sees it.

    Parameters
    ----------
    model : SeverityModel
        What it stands for; the same object that ``load_model`` returns.
    """

    def __init__(self, model: SeverityModel) -> None:
        self.model = model

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Predict rows of log2(x+1), with gene symbols as columns.

        Parameters
        ----------
        model_input : DataFrame of shape (n_samples, n_genes), or mapping of str to array
            A mapping has one array a gene: so MLflow hands on the request's ``instances``.
        params : ignored

        Returns
        -------
        DataFrame
            As :meth:`SeverityModel.predict`, with None where there is no number: JSON has no NaN.

        Raises
        ------
        MlflowException
            If the model refuses the input. The server answers 400, with the same words.
        """
        from mlflow.exceptions import MlflowException

        try:
            found = self.model.predict(_table(model_input))
        except IfnSeverityError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from error
        return found.astype({c: object for c in found if found[c].isna().any()}).where(
            found.notna(), None
        )


def _table(given: Any) -> Any:
    """Return what MLflow made of a request as a table, where it can be one."""
    if isinstance(given, Mapping):
        columns = {str(gene): np.atleast_1d(np.asarray(each)) for gene, each in given.items()}
        lengths = {len(each) for each in columns.values()}
        if len(lengths) > 1 or any(each.ndim > 1 for each in columns.values()):
            raise InputError(
                f"genes with {', '.join(map(str, sorted(lengths)))} values each",
                expected="one number a sample for every gene",
                do="give every gene in every instance",
            )
        return pd.DataFrame(columns)
    if isinstance(given, list | np.ndarray):
        raise InputError(
            "numbers without gene names",
            expected='{"dataframe_split": {"columns": [genes], "index": [samples], "data": '
            '[[…]]}}, {"dataframe_records": [{gene: value}]} or {"instances": [{gene: value}]}',
            do="name the genes in the request",
        )
    return given


def _load_pyfunc(data_path: str) -> SeverityPyfunc:
    """Load a model for MLflow, with all the checks of ``load_model``."""
    return SeverityPyfunc(load_folder(Path(data_path)))
