"""Early is the same day in the figures as in the tables."""

from __future__ import annotations

import numpy as np

from ifn_severity.evaluate.subgroups import EARLY_UNTIL
from ifn_severity.explain.result import Explained
from ifn_severity.report.explanation_direction import time_figure


def test_the_dashed_line_ends_the_early_days(explained: Explained) -> None:
    axes = time_figure(explained).axes[0]
    upright = [float(line.get_xdata()[0]) for line in axes.lines if len(set(line.get_xdata())) == 1]
    assert np.allclose(upright, EARLY_UNTIL)
    assert upright
