"""Reports as a browser shows them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

PAGES = [("validation_page", 10), ("evidence_page", 9)]


@pytest.fixture(params=PAGES, ids=lambda x: x[0])
def page_and_figures(request: pytest.FixtureRequest) -> tuple[Path, int]:
    name, n_figures = request.param
    return request.getfixturevalue(name), n_figures


def test_every_figure_is_visible_and_nothing_overflows(
    browser: Any, page_and_figures: tuple[Path, int]
) -> None:
    page, n_figures = page_and_figures
    probe = browser.probe(page)
    assert len(probe["images"]) == n_figures
    assert all(natural > 0 and shown > 300 for natural, shown in probe["images"])
    assert probe["wide"] <= 0


def test_page_is_drawn_without_complaints(browser: Any, page_and_figures: tuple[Path, int]) -> None:
    page, _ = page_and_figures
    picture, complaints = browser.picture(page)
    assert complaints == []
    pixels = imread(picture)[..., :3]
    assert pixels.shape[:2] == (2400, 1280)
    # banners run across the top, one more where data are simulated, and figures bring colour
    banners = {20: (0x3B, 0x3B, 0x3B)}
    if "SIMULATED DATA" in page.read_text(encoding="utf-8"):
        banners[70] = (0x8A, 0x1C, 0x00)
    for row, colour in banners.items():
        assert np.allclose(pixels[row, [20, 1260]], np.array(colour) / 255, atol=0.1)
    assert (np.ptp(pixels[700:], axis=2) > 0.3).mean() > 0.005
