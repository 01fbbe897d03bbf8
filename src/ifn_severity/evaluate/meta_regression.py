"""What the effects of cohorts depend on: random-effects meta-regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from ifn_severity.errors import LabelError
from ifn_severity.evaluate.pool import reml_tau2


@dataclass(frozen=True, eq=False)
class MetaRegression:
    """A mean that depends on moderators.

    Attributes
    ----------
    coefficients, standard_errors, low, high, p_values : ndarray of shape (n_columns,)
        With 95 % intervals, of Student's t.
    covariance : ndarray of shape (n_columns, n_columns)
    degrees_of_freedom : int
    tau2, tau2_without : float
        Heterogeneity that is left, and that without moderators (both REML).
    r_squared : float
        Share of it that the moderators explain, 0 to 1; NaN where there is none.
    i_squared : float
        Share of the variance around the line that is not sampling, 0 to 1.
    """

    coefficients: np.ndarray
    standard_errors: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p_values: np.ndarray
    covariance: np.ndarray
    degrees_of_freedom: int
    tau2: float
    tau2_without: float
    r_squared: float
    i_squared: float

    def at(self, design: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the mean effect for rows of the design, with its 95 % band.

        Parameters
        ----------
        design : ndarray of shape (n, n_columns)

        Returns
        -------
        fit, low, high : ndarray of shape (n,)
        """
        fit = design @ self.coefficients
        error = np.sqrt(np.einsum("ia,ab,ib->i", design, self.covariance, design))
        half = t.ppf(0.975, self.degrees_of_freedom) * error
        return fit, fit - half, fit + half


def meta_regression(
    effects: np.ndarray, variances: np.ndarray, design: np.ndarray, *, modified: bool = True
) -> MetaRegression:
    """Fit a mixed-effects meta-regression: REML, with errors as Knapp & Hartung.

    Knapp & Hartung 2003 (doi:10.1002/sim.1482); the variance around the line is kept at least
    as large as the model's own where ``modified`` (Röver 2015,
    doi:10.1186/s12874-015-0091-1). R² is the fall of tau² (Raudenbush 2009).

    Parameters
    ----------
    effects, variances : ndarray of shape (n_effects,)
    design : ndarray of shape (n_effects, n_columns)
        The moderators, a column of ones among them.
    modified : bool

    Returns
    -------
    MetaRegression

    Raises
    ------
    LabelError
        If there are no more effects than columns, the columns depend on each other, or a variance
        is not positive and finite.

    Examples
    --------
    >>> day = np.array([0.0, 1.0, 2.0, 3.0])
    >>> fit = meta_regression(day + 1.0, np.full(4, 0.1), np.column_stack([np.ones(4), day]))
    >>> fit.coefficients.round(6).tolist(), fit.tau2
    ([1.0, 1.0], 0.0)
    """
    effects, variances = np.asarray(effects, dtype=float), np.asarray(variances, dtype=float)
    design = np.asarray(design, dtype=float)
    n, p = design.shape
    usable = np.isfinite(effects) & np.isfinite(variances) & (variances > 0)
    if n <= p or not usable.all() or np.linalg.matrix_rank(design) < p:
        raise LabelError(
            f"{n} effects for {p} coefficients",
            expected="more effects than coefficients, with positive variances and moderators "
            "that differ",
            do="leave the meta-regression out, and say so",
        )
    tau2 = reml_tau2(effects, variances, design)
    without = reml_tau2(effects, variances)
    weights = 1.0 / (variances + tau2)
    inverse = np.linalg.inv(design.T @ (weights[:, None] * design))
    coefficients = inverse @ (design.T @ (weights * effects))
    left = effects - design @ coefficients
    spread = float((weights * left**2).sum() / (n - p))
    covariance = inverse * (max(1.0, spread) if modified else spread)
    errors = np.sqrt(np.diag(covariance))
    half = t.ppf(0.975, n - p) * errors
    with np.errstate(divide="ignore"):
        p_values = 2 * t.sf(np.abs(coefficients) / errors, n - p)
    # the typical sampling variance around a line, as metafor's
    fixed = np.diag(1.0 / variances)
    hat = design @ np.linalg.inv(design.T @ fixed @ design) @ design.T
    typical = (n - p) / float(np.trace(fixed - fixed @ hat @ fixed))
    return MetaRegression(
        coefficients=coefficients,
        standard_errors=errors,
        low=coefficients - half,
        high=coefficients + half,
        p_values=np.asarray(p_values),
        covariance=covariance,
        degrees_of_freedom=n - p,
        tau2=tau2,
        tau2_without=without,
        r_squared=max(0.0, 1.0 - tau2 / without) if without > 0 else float("nan"),
        i_squared=tau2 / (tau2 + typical),
    )
