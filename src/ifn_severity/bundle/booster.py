"""XGBoost's trees as UBJSON, walked through before XGBoost may read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ifn_severity.bundle.ubjson import read_ubjson

_ROOT_PARENT = 2**31 - 1
_TREE_ARRAYS = {
    "base_weights": np.float32,
    "default_left": np.uint8,
    "left_children": np.int32,
    "loss_changes": np.float32,
    "parents": np.int32,
    "right_children": np.int32,
    "split_conditions": np.float32,
    "split_indices": np.int32,
    "split_type": np.uint8,
    "sum_hessian": np.float32,
}
_BASE_SCORE = re.compile(r"\[?[-+0-9.eE]{1,30}\]?")


def check_booster(content: bytes, *, n_features: int) -> None:
    """Make sure that a booster is whole and that no tree points outside itself.

    Parameters
    ----------
    content : bytes
        UBJSON, as ``Booster.save_raw("ubj")`` gives it.
    n_features : int
        Features of the model.

    Raises
    ------
    ValueError
        If it is anything but binary logistic trees over these features. The text says what.
    """
    learner = _table(read_ubjson(content), "learner")
    _only_known(learner, {"gradient_booster", "learner_model_param", "objective"})
    shape = _table(learner, "learner_model_param")
    _same(shape, {"num_class": "0", "num_feature": str(n_features), "num_target": "1"})
    if not _BASE_SCORE.fullmatch(str(shape.get("base_score"))):
        raise ValueError("its base score is no number")
    objective = _table(learner, "objective")
    _same(objective, {"name": "binary:logistic"})
    booster = _table(learner, "gradient_booster")
    _same(booster, {"name": "gbtree"})
    model = _table(booster, "model")
    _only_known(model, {"gbtree_model_param", "iteration_indptr", "tree_info", "trees", "cats"})
    if any(_filled(part) for part in _table(model, "cats").values()):
        raise ValueError("it has categories, and this package's features have none")
    trees = model.get("trees")
    if not isinstance(trees, list) or not trees:
        raise ValueError("it has no trees")
    number = len(trees)
    _same(_table(model, "gbtree_model_param"), {"num_trees": str(number), "num_parallel_tree": "1"})
    if _integers(model, "iteration_indptr") != list(range(number + 1)):
        raise ValueError("its iterations and its trees disagree")
    if _integers(model, "tree_info") != [0] * number:
        raise ValueError("its trees belong to several classes")
    for position, tree in enumerate(trees):
        if not isinstance(tree, dict) or tree.get("id") != position:
            raise ValueError(f"tree {position} is out of order")
        try:
            _check_tree(tree, n_features)
        except ValueError as error:
            raise ValueError(f"tree {position}: {error}") from error


def _check_tree(tree: Mapping[str, Any], n_features: int) -> None:
    _only_known(tree, {*_TREE_ARRAYS, "tree_param", "id"})
    arrays = {}
    for name, kind in _TREE_ARRAYS.items():
        array = tree.get(name)
        if not isinstance(array, np.ndarray) or array.dtype != kind:
            raise ValueError(f"{name} is missing or of another type")
        arrays[name] = array
    size = len(arrays["left_children"])
    if size == 0 or any(len(array) != size for array in arrays.values()):
        raise ValueError("its arrays differ in length")
    parameters = _table(tree, "tree_param")
    _same(parameters, {"num_nodes": str(size), "num_feature": str(n_features), "num_deleted": "0"})
    if parameters.get("size_leaf_vector") not in ("0", "1"):
        raise ValueError("its leaves hold several values")
    check_children(arrays["left_children"], arrays["right_children"])
    parents = np.full(size, _ROOT_PARENT, dtype=np.int64)
    inner = np.flatnonzero(arrays["left_children"] >= 0)
    parents[arrays["left_children"][inner]] = inner
    parents[arrays["right_children"][inner]] = inner
    if not np.array_equal(parents, arrays["parents"]):
        raise ValueError("its parents and children disagree")
    used = arrays["split_indices"]
    if used.min() < 0 or used.max() >= n_features:
        raise ValueError("it splits on a feature that there is not")
    if arrays["split_type"].any() or arrays["default_left"].max() > 1:
        raise ValueError("it splits in an unknown way")
    for name in ("base_weights", "split_conditions"):
        if not np.isfinite(arrays[name]).all():
            raise ValueError(f"{name} are not all finite")


def check_children(left: np.ndarray, right: np.ndarray) -> int:
    """Make sure that every child comes after its parent, once, and inside the tree.

    Parameters
    ----------
    left, right : ndarray of shape (n_nodes,)
        Positions of the children, -1 in leaves.

    Returns
    -------
    int
        Depth of the tree, 0 for a single leaf.

    Raises
    ------
    ValueError
        If a walk from the root could leave the tree or never end.
    """
    size = len(left)
    leaf = left == -1
    if not np.array_equal(leaf, right == -1):
        raise ValueError("a node has one child")
    inner = np.flatnonzero(~leaf)
    children = np.concatenate([left[inner], right[inner]])
    if len(children) and (
        (children <= np.concatenate([inner, inner])).any() or children.max() >= size
    ):
        raise ValueError("a child lies outside the tree")
    if not np.array_equal(np.sort(children), np.arange(1, size)):
        raise ValueError("its nodes do not form one tree")
    depth, level = 0, inner[inner == 0]
    while len(level):
        level = np.concatenate([left[level], right[level]])
        level = level[~leaf[level]]
        depth += 1
    return depth


def _table(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    if not isinstance(value, dict):
        raise ValueError(f"{key} is missing")
    return value


def _same(data: Mapping[str, Any], expected: Mapping[str, str]) -> None:
    for key, value in expected.items():
        if data.get(key) != value:
            raise ValueError(f"{key} is {str(data.get(key))[:40]!r} where {value!r} should be")


def _filled(value: object) -> bool:
    return isinstance(value, list | dict | np.ndarray) and len(value) > 0


def _only_known(data: Mapping[str, Any], known: set[str]) -> None:
    """Refuse tables and arrays under names that were not looked at; empty ones do no harm."""
    strange = sorted(key for key, value in data.items() if key not in known and _filled(value))
    if strange:
        raise ValueError(f"it holds {', '.join(strange[:5])}, which this version does not know")


def _integers(data: Mapping[str, Any], key: str) -> list[int]:
    value = data.get(key)
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, list) or not all(type(item) is int for item in value):
        raise ValueError(f"{key} is missing")
    return value
