from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

import ifn_severity.report
from ifn_severity.report.style import (
    GROUP_COLOURS,
    SEVERITY_COLOURS,
    SEVERITY_MARKERS,
    figure_style,
    finish,
    new_figure,
    text_colour,
)
from ifn_severity.report.swarm import swarm_offsets

# Viénot, Brettel & Mollon 1999: linear RGB as a deuteranope and as a protanope sees it
DEUTERANOPE = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
PROTANOPE = np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]])


def test_style_leaves_the_users_settings_alone() -> None:
    mpl.rcParams["axes.grid"] = True  # a setting of the user's own
    try:
        before = {key: mpl.rcParams._get(key) for key in mpl.rcParams}
        with figure_style():
            assert mpl.rcParams["axes.grid"] is False
            new_figure(2)
        with pytest.raises(KeyError), figure_style():
            raise KeyError
        assert {key: mpl.rcParams._get(key) for key in mpl.rcParams} == before
    finally:
        mpl.rcParams["axes.grid"] = False


def test_no_module_draws_with_pyplot_state() -> None:
    for source in Path(ifn_severity.report.__path__[0]).glob("*.py"):
        text = source.read_text(encoding="utf-8")
        assert "import matplotlib.pyplot" not in text
        assert "from matplotlib import pyplot" not in text
        assert ".show(" not in text


@pytest.mark.parametrize("matrix", [np.eye(3), DEUTERANOPE, PROTANOPE])
@pytest.mark.parametrize("palette", [GROUP_COLOURS, SEVERITY_COLOURS])
def test_colours_differ_for_colour_blind_readers(palette: dict, matrix: np.ndarray) -> None:
    seen = np.clip([matrix @ (np.array(to_rgb(c)) ** 2.2) for c in palette.values()], 0, 1)
    seen = seen ** (1 / 2.2)
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=2) + np.eye(len(seen))
    assert apart.min() > 0.12


def test_every_severity_class_has_a_marker_of_its_own() -> None:
    assert set(SEVERITY_MARKERS) == set(SEVERITY_COLOURS)
    assert len(set(SEVERITY_MARKERS.values())) == len(SEVERITY_MARKERS)


def test_text_on_group_colours_is_readable() -> None:
    for colour in GROUP_COLOURS.values():
        background, ink = (
            np.array(to_rgb(c)) ** 2.2 @ [0.2126, 0.7152, 0.0722]
            for c in (colour, text_colour(colour))
        )
        light, dark = max(background, ink), min(background, ink)
        assert (light + 0.05) / (dark + 0.05) > 4.5


@pytest.mark.parametrize("simulated", [True, False])
def test_watermark_is_there_only_for_simulated_data(simulated: bool) -> None:
    figure = new_figure(2)
    figure.subplots()
    finish(figure, simulated=simulated)
    assert [text.get_text() for text in figure.texts] == ["SIMULATED DATA"] * simulated


def test_swarm_dots_stay_in_their_row_and_apart() -> None:
    values = np.repeat([0.0, 0.5, 1.0], [30, 5, 1])
    offsets = swarm_offsets(values, width=0.4)
    assert np.abs(offsets).max() <= 0.4
    for value in (0.0, 0.5, 1.0):
        here = offsets[values == value]
        assert np.unique(here).size == here.size
    assert swarm_offsets([]).size == 0
    assert np.isfinite(swarm_offsets([2.0, 2.0])).all()
