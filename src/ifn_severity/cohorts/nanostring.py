"""NanoString exports: codes in rows, with the class of each code in a column of its own."""

from __future__ import annotations

from ifn_severity.cohorts.grid import Grid, clean

_CLASS = {"codeclass", "code class", "code.class", "code_class", "class name", "probe class"}
_NAME = {"name", "probe name", "gene name", "gene", "probename", "code name"}
_BESIDE = {"accession", "accession #", "accession number", "nanostring id", "nsid", "species"}
_BESIDE |= {"analyte type", "systematic name", "% samples above threshold", "comments", "count"}
# what measures the instrument, and no gene
_CONTROLS = ("positive", "negative", "spikein", "spike", "binding", "ligation", "purification")


def nanostring(grid: Grid) -> None:
    """Turn an export of nSolver or of RCC files into genes × samples, in place.

    Rows of positive, negative and other controls are left out; endogenous and housekeeping
    codes stay. Any other grid is left as it is.

    Parameters
    ----------
    grid : Grid
    """
    lower = [name.lower().strip() for name in grid.header]
    classes = [at for at, name in enumerate(lower) if name in _CLASS]
    names = [at for at, name in enumerate(lower) if name in _NAME]
    if not classes or not names:
        return
    words = [clean(cell).lower() for cell in grid.frame[classes[0]]]
    if not any(word.startswith("endogenous") for word in words):
        return
    kept = [at for at, word in enumerate(words) if word and not word.startswith(_CONTROLS)]
    left_out = len(words) - len(kept)
    beside = {*classes, *names}
    # a file of one sample calls its column Count
    counts = [at for at, name in enumerate(lower) if at not in beside]
    samples = [at for at in counts if lower[at] not in _BESIDE] or [
        at for at in counts if lower[at] == "count"
    ]
    columns = [names[0], *samples]
    frame = grid.frame.iloc[kept][columns]
    grid.frame = frame.reset_index(drop=True).set_axis(range(len(columns)), axis="columns")
    grid.header = ["gene", *(grid.header[at] for at in samples)]
    grid.ids = [clean(name) for name in grid.frame[0]]
    grid.first_row = None
    grid.notes.append(
        f"A NanoString export: {len(kept)} endogenous and housekeeping codes were read, "
        f"{left_out} controls left out."
    )
