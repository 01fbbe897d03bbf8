"""Every patient, gene by gene: held-out attributions of the leading interferon genes."""

from __future__ import annotations

from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from ifn_severity.explain.result import Explained
from ifn_severity.report.explanation_ranking import TOP_GENES
from ifn_severity.report.explanation_samples import cohort_of, exchange_letters, leading_genes
from ifn_severity.report.style import INK, VALUE_COLOURS, figure_style, finish, new_figure
from ifn_severity.report.swarm import swarm_offsets

_ROW = 0.26  # inches a gene
_TALL = 8  # genes from which the words of the colour bar stand beside it in one line


def beeswarm_figure(explained: Explained, *, top: int = TOP_GENES) -> Figure:
    """Draw one dot a patient for each of the leading interferon genes.

    Drawn here rather than by ``shap.plots.beeswarm``, which works on pyplot's current figure and
    would colour by raw expression, so that a cohort's platform would pass for its biology.

    Parameters
    ----------
    explained : Explained
        What was found.
    top : int
        How many genes, in the order of the ranking.

    Returns
    -------
    matplotlib.figure.Figure
        Dots carry the gid ``swarm-<gene>``; colour is the percentile of expression within the
        cohort.
    """
    genes = leading_genes(explained, top)
    given = explained.gene_level
    level = given.data[genes].groupby(cohort_of(given.data.index)).rank(pct=True).fillna(0.5)
    letters = exchange_letters(explained, genes)
    with figure_style():
        figure = new_figure(max(_ROW * len(genes) + 1.0, 1.6))
        axes = figure.subplots()
        axes.axvline(0, color=INK, linewidth=0.8, zorder=1)
        for row, gene in enumerate(genes):
            axes.axhline(row, color="#E6E6E6", linewidth=0.6, zorder=0)
            phi = given.values[gene].to_numpy(dtype=float)
            axes.scatter(
                phi,
                row + swarm_offsets(phi, width=0.4, step=0.11, bins=130),
                s=11 if phi.size <= 400 else 4,
                c=level[gene].to_numpy(dtype=float),
                cmap=VALUE_COLOURS,
                vmin=0,
                vmax=1,
                linewidth=0,
                zorder=3,
                rasterized=True,
                gid=f"swarm-{gene}",
            )
        names = [f"{gene} ({letters[gene]})" if gene in letters else gene for gene in genes]
        axes.set_yticks(range(len(genes)), names)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(genes) - 0.4, -0.6)
        axes.set_xlabel("Attribution to the prediction (log-odds; right: more severe)")
        bar = figure.colorbar(
            ScalarMappable(Normalize(0, 1), VALUE_COLOURS), ax=axes, aspect=45, pad=0.02, shrink=0.9
        )
        if len(genes) >= _TALL:
            bar.set_ticks([0, 1], labels=["low", "high"])
            bar.set_label("expression within its cohort", labelpad=-14)
        else:
            ends = [f"{end} expression\nin its cohort" for end in ("low", "high")]
            bar.set_ticks([0, 1], labels=ends)
        bar.outline.set_visible(False)
        finish(figure, simulated=given.simulated)
    return figure
