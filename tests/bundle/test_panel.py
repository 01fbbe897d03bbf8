"""A panel: a handful of genes, chosen inside ``fit``, that are all a sample needs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ifn_severity.bundle import load_model, save_bundle
from ifn_severity.classify import SeverityClassifier
from ifn_severity.errors import ModelError
from ifn_severity.features import reference_genes
from ifn_severity.features.reference import reference_levels


def test_a_panel_needs_its_genes_only(trained, tmp_path):
    one = trained["transfer"]
    severe = (np.arange(len(one.features)) % 2).astype(float)
    genes = one.features.filter(like="gene:")
    fitted = SeverityClassifier("transfer", max_features=14).fit(genes, severe)
    few = fitted.narrowed()
    assert len(few.feature_names_in_) == 14
    columns = genes[few.feature_names_in_]
    np.testing.assert_allclose(
        few.decision_function(columns), fitted.decision_function(genes), rtol=0, atol=1e-12
    )
    assay = [*reference_genes()[:6], *(name.removeprefix("gene:") for name in columns)]
    # against six reference genes, as the assay will be
    kept = one.expression[assay]
    levels = reference_levels(kept).add_prefix("gene:")
    save = one.save | {"name": "panel", "training_features": levels[columns.columns]}
    model = load_model(save_bundle(tmp_path / "panel", few, genes=assay, **save))
    assert sorted(model.manifest.genes) == sorted(assay)
    from_assay, from_all = model.predict(kept), model.predict(one.expression)
    assert (from_assay["panel_coverage"] == 1.0).all()
    assert not from_assay["warnings"].str.contains("genes|NA").any()
    pd.testing.assert_frame_equal(from_assay, from_all)
    with pytest.raises(ModelError, match="5 of them reference genes"):
        save_bundle(tmp_path / "fewer", few, genes=assay[1:], **save)
