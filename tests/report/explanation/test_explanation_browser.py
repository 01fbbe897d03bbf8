"""The explanation report as a browser shows and prints it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread


@pytest.mark.parametrize("width", [1280, 600])
def test_figures_are_visible_lines_open_and_nothing_overflows(
    browser: Any, simulated_page: Path, width: int
) -> None:
    probe = browser.probe(simulated_page, width=width)
    assert len(probe["images"]) == 13
    assert all(natural > 0 and shown > 300 for natural, shown in probe["images"])
    assert probe["wide"] <= 0
    assert probe["wideOpened"] <= 0
    assert (probe["members"], probe["closed"], probe["opened"]) == (4, 0, 4)
    assert probe["unfocused"] == 0


def test_page_is_drawn_without_complaints(browser: Any, simulated_page: Path) -> None:
    picture, complaints = browser.picture(simulated_page)
    assert complaints == []
    pixels = imread(picture)[..., :3]
    # research use only on top, then simulated data, then the figures' colours
    for row, colour in ((20, (0x3B, 0x3B, 0x3B)), (70, (0x8A, 0x1C, 0x00))):
        assert np.allclose(pixels[row, [20, 1260]], np.array(colour) / 255, atol=0.1)
    assert (np.ptp(pixels[700:], axis=2) > 0.3).mean() > 0.005


def test_page_can_be_printed(browser: Any, simulated_page: Path) -> None:
    paper = simulated_page.with_name("page.pdf")
    browser.run(simulated_page, "--no-pdf-header-footer", f"--print-to-pdf={paper}")
    content = paper.read_bytes()
    assert content.startswith(b"%PDF")
    assert 10 <= content.count(b"/Type /Page\n") <= 40
