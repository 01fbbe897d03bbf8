"""A forest's trees as plain arrays.

skops does not vouch for scikit-learn's trees: their nodes are positions that are followed
without a look, so a forged file can make the process read anywhere. Here the trees are
columns of numbers, checked before a tree is built from them; that is also twenty times faster.
"""

from __future__ import annotations

import io
from copy import copy
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree._tree import NODE_DTYPE, Tree

from ifn_severity.bundle.booster import check_children
from ifn_severity.bundle.contents import unzip
from ifn_severity.bundle.npy import read_npy

_NODE_COLUMNS: dict[str, np.dtype[Any]] = {
    "left_child": np.dtype("<i4"),
    "right_child": np.dtype("<i4"),
    "feature": np.dtype("<i4"),
    "threshold": np.dtype("<f8"),
    "impurity": np.dtype("<f8"),
    "n_node_samples": np.dtype("<i4"),
    "weighted_n_node_samples": np.dtype("<f8"),
    "missing_go_to_left": np.dtype("|u1"),
}
_TREE_COLUMNS: dict[str, np.dtype[Any]] = {
    "n_nodes": np.dtype("<i4"),
    "random_state": np.dtype("<i8"),
}
_MAX_TREES = 100_000


def dump_trees(forest: RandomForestClassifier) -> bytes:
    """Return the fitted trees of a forest as an npz archive.

    Parameters
    ----------
    forest : RandomForestClassifier
        Fitted on two classes.
    """
    trees = [estimator.tree_ for estimator in forest.estimators_]
    nodes = [tree.__getstate__()["nodes"] for tree in trees]
    columns: dict[str, np.ndarray] = {
        name: np.concatenate([part[name] for part in nodes]).astype(kind)
        for name, kind in _NODE_COLUMNS.items()
    }
    columns["value"] = np.concatenate([tree.value[:, 0, :] for tree in trees]).astype("<f8")
    columns["n_nodes"] = np.array([tree.node_count for tree in trees], dtype="<i4")
    seeds = [estimator.random_state for estimator in forest.estimators_]
    columns["random_state"] = np.array(seeds, dtype="<i8")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **columns)
    return buffer.getvalue()


def load_trees(forest: RandomForestClassifier, content: bytes, *, n_features: int) -> None:
    """Give a forest its trees back.

    Parameters
    ----------
    forest : RandomForestClassifier
        As fitted, without its trees. It is changed in place.
    content : bytes
        What :func:`dump_trees` returned.
    n_features : int
        Features of the model.

    Raises
    ------
    ValueError
        If the arrays are not trees over these features.
    NotImplementedError
        If this version of scikit-learn has other trees.
    """
    if set(NODE_DTYPE.names or ()) != set(_NODE_COLUMNS):
        raise NotImplementedError("this version of scikit-learn builds its trees differently")
    columns = _read_columns(content)
    sizes = columns["n_nodes"]
    total = len(columns["value"])
    if not 0 < len(sizes) <= _MAX_TREES or sizes.min() < 1 or sizes.sum(dtype=np.int64) != total:
        raise ValueError("its trees and its nodes disagree in number")
    _check_nodes(columns, n_features)
    ends = np.cumsum(sizes, dtype=np.int64)
    parameters = {name: getattr(forest, name) for name in forest.estimator_params}
    blank = clone(forest.estimator_).set_params(**parameters)
    forest.estimators_ = []
    for i, (start, end) in enumerate(zip(ends - sizes, ends, strict=True)):
        nodes = np.zeros(end - start, dtype=NODE_DTYPE)
        for name in _NODE_COLUMNS:
            nodes[name] = columns[name][start:end]
        depth = check_children(nodes["left_child"], nodes["right_child"])
        tree = Tree(n_features, np.array([2], dtype=np.intp), 1)
        tree.__setstate__(
            {
                "max_depth": depth,
                "node_count": len(nodes),
                "nodes": nodes,
                "values": np.ascontiguousarray(columns["value"][start:end, None, :]),
            }
        )
        forest.estimators_.append(_around(tree, blank, int(columns["random_state"][i]), forest))


def _around(tree: Tree, blank: Any, seed: int, forest: RandomForestClassifier) -> Any:
    """Wrap a tree in the estimator that ``fit`` would have made."""
    estimator = copy(blank)
    estimator.random_state = seed
    estimator.tree_ = tree
    estimator.n_features_in_ = forest.n_features_in_
    estimator.n_outputs_ = 1
    estimator.classes_ = np.array([0.0, 1.0])
    estimator.n_classes_ = np.int64(2)
    return estimator


def _read_columns(content: bytes) -> dict[str, np.ndarray]:
    columns = {}
    expected = {**_NODE_COLUMNS, **_TREE_COLUMNS, "value": np.dtype("<f8")}
    entries = unzip(content)
    if sorted(entries) != sorted(f"{name}.npy" for name in expected):
        raise ValueError("it does not hold the arrays of a forest")
    for name, kind in expected.items():
        columns[name] = read_npy(entries[f"{name}.npy"])
        shape = (len(columns["left_child"]),) if name in _NODE_COLUMNS else None
        if columns[name].dtype != kind or (shape and columns[name].shape != shape):
            raise ValueError(f"{name} is of another type or length")
    if columns["value"].shape != (len(columns["left_child"]), 2):
        raise ValueError("value is of another shape")
    if any(columns[name].shape != columns["n_nodes"].shape for name in _TREE_COLUMNS):
        raise ValueError("its trees disagree in number")
    return columns


def _check_nodes(columns: dict[str, np.ndarray], n_features: int) -> None:
    inner = columns["left_child"] >= 0
    used = columns["feature"][inner]
    if len(used) and (used.min() < 0 or used.max() >= n_features):
        raise ValueError("a tree splits on a feature that there is not")
    if not np.isfinite(columns["value"]).all() or not np.isfinite(columns["threshold"]).all():
        raise ValueError("a tree holds values that are not finite")
    if columns["missing_go_to_left"].max() > 1:
        raise ValueError("a tree has impossible nodes")
    seeds = columns["random_state"]
    if seeds.min() < 0 or seeds.max() >= 2**32:
        raise ValueError("a tree has an impossible seed")
