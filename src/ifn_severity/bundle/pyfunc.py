"""What MLflow calls: ``mlflow.pyfunc.load_model("models/NAME")`` and ``mlflow models serve``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from ifn_severity.bundle.load import load_folder
from ifn_severity.bundle.model import SeverityModel


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
        model_input : DataFrame of shape (n_samples, n_genes)
        params : ignored

        Returns
        -------
        DataFrame
            As :meth:`SeverityModel.predict`.
        """
        return self.model.predict(model_input)


def _load_pyfunc(data_path: str) -> SeverityPyfunc:
    """Load a model for MLflow, with all the checks of ``load_model``."""
    return SeverityPyfunc(load_folder(Path(data_path)))
