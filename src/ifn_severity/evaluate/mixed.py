"""A linear mixed model with one random intercept a patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import t

from ifn_severity.errors import LabelError


@dataclass(frozen=True, eq=False)
class MixedFit:
    """A fitted random-intercept model.

    Attributes
    ----------
    coefficients, standard_errors : ndarray of shape (n_columns,)
    covariance : ndarray of shape (n_columns, n_columns)
    between, within : float
        Variance between patients and within patients.
    degrees_of_freedom : int
        Patients minus coefficients: what t intervals rest on.
    """

    coefficients: np.ndarray
    standard_errors: np.ndarray
    covariance: np.ndarray
    between: float
    within: float
    degrees_of_freedom: int

    def contrast(self, weights: np.ndarray) -> tuple[float, float, float, float]:
        """Return a weighted sum of coefficients: estimate, 95 % interval, two-sided p.

        Of an exact fit, which leaves no error to judge by, p is NaN.
        """
        estimate = float(weights @ self.coefficients)
        error = float(np.sqrt(weights @ self.covariance @ weights))
        half = float(t.ppf(0.975, self.degrees_of_freedom)) * error
        p_value = float("nan")
        if error > 0:
            p_value = float(2 * t.sf(abs(estimate) / error, self.degrees_of_freedom))
        return estimate, estimate - half, estimate + half, p_value

    def at(self, design: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the mean of an average patient for rows of the design, with its 95 % band."""
        fit = design @ self.coefficients
        error = np.sqrt(np.einsum("ia,ab,ib->i", design, self.covariance, design))
        half = t.ppf(0.975, self.degrees_of_freedom) * error
        return fit, fit - half, fit + half


def random_intercept(y: np.ndarray, design: np.ndarray, patients: np.ndarray) -> MixedFit:
    """Fit y = design @ b + patient + error by restricted maximum likelihood.

    Laird & Ware 1982 (doi:10.2307/2529876). The likelihood is profiled over the ratio of the two
    variances, on a grid and then refined. Intervals take Student's t with as many degrees of
    freedom as patients exceed coefficients, which is cautious for what changes within patients.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
    design : ndarray of shape (n_samples, n_columns)
    patients : ndarray of shape (n_samples,)

    Returns
    -------
    MixedFit

    Raises
    ------
    LabelError
        If patients are no more than coefficients, or columns depend on each other.

    Examples
    --------
    >>> y = np.array([1.0, 1.2, 3.0, 3.1, 2.0, 2.1])
    >>> fit = random_intercept(y, np.ones((6, 1)), np.array(list("aabbcc")))
    >>> fit.coefficients.round(4).tolist(), round(fit.between, 4), round(fit.within, 4)
    ([2.0667], 0.9458, 0.01)
    """
    y, design = np.asarray(y, dtype=float), np.asarray(design, dtype=float)
    names, which = np.unique(patients, return_inverse=True)
    n, p = design.shape
    if len(names) <= p or np.linalg.matrix_rank(design) < p:
        raise LabelError(
            f"{len(names)} patients with {n} samples for {p} coefficients",
            expected="more patients than coefficients, and columns that differ",
            do="leave this model out, and say so",
        )
    size = np.bincount(which).astype(float)
    sums = np.zeros((len(names), p + 1))
    both = np.column_stack([design, y])
    np.add.at(sums, which, both)
    cross = both.T @ both

    def moments(ratio: float) -> np.ndarray:
        # V^-1 of a patient is 1 - r / (1 + r n) over all pairs of the patient's samples
        shrink = ratio / (1.0 + ratio * size)
        return np.asarray(cross - sums.T @ (shrink[:, None] * sums))

    def solve(ratio: float) -> tuple[np.ndarray, np.ndarray, float]:
        m = moments(ratio)
        inverse = np.linalg.inv(m[:p, :p])
        b = inverse @ m[:p, p]
        return b, inverse, float(m[p, p] - m[:p, p] @ b)

    def minus_likelihood(ratio: float) -> float:
        _, inverse, rss = solve(ratio)
        return float(
            np.log1p(ratio * size).sum()
            - np.linalg.slogdet(inverse)[1]
            + (n - p) * np.log(max(rss, 1e-300))
        )

    best = 0.0
    if (size > 1).any():
        grid = np.concatenate([[0.0], np.geomspace(1e-4, 1e4, 81)])
        at = int(np.argmin([minus_likelihood(ratio) for ratio in grid]))
        if at:
            ends = np.log([grid[at - 1] or 1e-8, grid[min(at + 1, len(grid) - 1)]])
            found = minimize_scalar(
                lambda log_ratio: minus_likelihood(float(np.exp(log_ratio))),
                bounds=tuple(ends),
                method="bounded",
                options={"xatol": 1e-9},
            )
            best = float(np.exp(found.x))
    b, inverse, rss = solve(best)
    within = max(rss, 0.0) / (n - p)
    covariance = within * inverse
    return MixedFit(
        coefficients=b,
        standard_errors=np.sqrt(np.diag(covariance)),
        covariance=covariance,
        between=best * within,
        within=within,
        degrees_of_freedom=len(names) - p,
    )


def restricted_cubic_spline(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Return a basis that is cubic between the knots and linear beyond them.

    Harrell 2015 (doi:10.1007/978-3-319-19425-7), section 2.4.5.

    Parameters
    ----------
    x : ndarray of shape (n,)
    knots : ndarray of shape (n_knots,), ascending

    Returns
    -------
    ndarray of shape (n, n_knots - 1)
        The first column is ``x``.

    Examples
    --------
    >>> restricted_cubic_spline(np.array([0.0, 6.0]), np.array([1.0, 3.0, 5.0])).tolist()
    [[0.0, 0.0], [6.0, 4.5]]
    """
    last, before = knots[-1], knots[-2]
    scale = (last - knots[0]) ** 2

    def cube(at: float) -> np.ndarray:
        return np.asarray(np.maximum(x - at, 0.0) ** 3)

    columns = [np.asarray(x, dtype=float)]
    for knot in knots[:-2]:
        columns.append(
            (
                cube(knot)
                - cube(before) * (last - knot) / (last - before)
                + cube(last) * (before - knot) / (last - before)
            )
            / scale
        )
    return np.column_stack(columns)
