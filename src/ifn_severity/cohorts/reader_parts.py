"""What readers share: the type of a reader, words for sex, and names for source columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

Reader = Callable[[Mapping[str, Path]], "tuple[pd.DataFrame, pd.DataFrame]"]

SEX = {"M": "male", "F": "female", "male": "male", "female": "female"}


def with_source(obs: pd.DataFrame, source: pd.DataFrame) -> pd.DataFrame:
    """Append source columns under names that are safe in every file format.

    Parameters
    ----------
    obs : DataFrame of shape (n_samples, n_columns)
    source : DataFrame of shape (n_samples, n_source_columns)
        Indexed alike.

    Returns
    -------
    DataFrame of shape (n_samples, n_columns + n_source_columns)
        Source columns are called ``source_`` and their name in lower case, with ``_`` for all
        that is no letter or digit.

    Examples
    --------
    >>> import pandas as pd
    >>> with_source(pd.DataFrame(index=["P1"]), pd.DataFrame({"HLA-DR+ of cMono": [90.0]}))
        source_hla_dr_of_cmono
    P1                    90.0
    """
    import pandas as pd

    names = {c: "source_" + re.sub(r"\W+", "_", str(c)).strip("_").lower() for c in source.columns}
    return pd.concat([obs, source.rename(columns=names)], axis=1)
