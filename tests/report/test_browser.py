"""The report as a browser shows it."""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

PROBE = """<script>
window.addEventListener("load", function () {
  var images = Array.from(document.images).map(
    function (image) { return [image.naturalWidth, image.clientWidth]; });
  var root = document.documentElement;
  document.body.setAttribute("data-probe", JSON.stringify(
    {images: images, wide: root.scrollWidth - root.clientWidth}));
});
</script></body>"""


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium")
    if not found:
        reason = "Debian's chromium is not installed, so no browser has looked at the report"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


PAGES = [("simulated_report", 8), ("validation_page", 10), ("evidence_page", 9)]


@pytest.fixture(params=PAGES, ids=lambda x: x[0])
def page_and_figures(request: pytest.FixtureRequest) -> tuple[Path, int]:
    name, n_figures = request.param
    return request.getfixturevalue(name), n_figures


def _browse(chromium: str, page: Path, *options: str) -> subprocess.CompletedProcess[str]:
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--hide-scrollbars",
        "--enable-logging=stderr",
    ]
    profile = f"--user-data-dir={page.parent / 'profile'}"
    command = [chromium, *flags, profile, *options, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


def test_every_figure_is_visible_and_nothing_overflows(
    chromium: str, page_and_figures: tuple[Path, int]
) -> None:
    page, n_figures = page_and_figures
    probed = page.with_name("probed.html")
    text = page.read_text(encoding="utf-8")
    text = text.replace("default-src 'none';", "default-src 'none'; script-src 'unsafe-inline';")
    probed.write_text(text.replace("</body>", PROBE), encoding="utf-8")
    dom = _browse(chromium, probed, "--window-size=1280,900", "--dump-dom").stdout
    (found,) = re.findall(r'data-probe="([^"]*)"', dom)
    probe = json.loads(html.unescape(found))
    assert len(probe["images"]) == n_figures
    assert all(natural > 0 and shown > 300 for natural, shown in probe["images"])
    assert probe["wide"] <= 0


def test_page_is_drawn_without_complaints(
    chromium: str, page_and_figures: tuple[Path, int]
) -> None:
    page, _ = page_and_figures
    picture = page.with_name("page.png")
    run = _browse(chromium, page, f"--screenshot={picture}", "--window-size=1280,2400")
    complaints = [line for line in run.stderr.splitlines() if "CONSOLE" in line]
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
