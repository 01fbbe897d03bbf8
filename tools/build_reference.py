"""Write the frozen abundance of the reference genes.

    IFN_SEVERITY_MIRROR=DIR python tools/build_reference.py

The mean CPM over the healthy people of each cohort, then over the cohorts, so that neither
blood nor PBMC decides. Patients are not looked at.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from ifn_severity.cohorts import load_cohort

TARGET = Path(__file__).parents[1] / "src/ifn_severity/features/catalogue/reference.csv"
COHORTS = ("GSE152641", "GSE152418")
# Eisenberg & Levanon 2013, Trends Genet 29:569, table 1; C1orf43 to VPS29
GENES = [
    "C1orf43",
    "CHMP2A",
    "EMC7",
    "GPI",
    "PSMB2",
    "PSMB4",
    "RAB7A",
    "REEP5",
    "SNRPD3",
    "VCP",
    "VPS29",
]


def main() -> None:
    means = []
    for name in COHORTS:
        adata = load_cohort(name)
        healthy = adata[(adata.obs["severity"] == "healthy").to_numpy(), GENES].to_df()
        print(f"{name}: {len(healthy)} healthy people")
        means.append((np.exp2(healthy.astype(float)) - 1.0).mean())
    profile = pd.concat(means, axis=1).mean(axis=1).round(1)
    profile.rename("cpm").rename_axis("gene").to_csv(TARGET, lineterminator="\n")
    print(profile.to_string())


if __name__ == "__main__":
    main()
