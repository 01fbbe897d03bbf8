"""skops archives, read against this package's own list of types and nothing else.

skops trusts every estimator of scikit-learn and asks the caller to trust the rest, often with
a list read from the same file. Here each node of the archive, trusted by skops or not, has to
be in a fixed list that names what the three pipelines are made of.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from typing import Any

from ifn_severity.bundle.contents import BROKEN, unzip
from ifn_severity.bundle.npy import read_npy

_PROTOCOL = 2
# seventy times the schema of a pipeline here; parsed, it may take thirty times its size
_MAX_SCHEMA = 2_000_000
# so that the same archive comes out whenever it is written
_DATE = (2020, 1, 1, 0, 0, 0)
# what skops does not trust of its own accord, and we do
TRUSTED_TYPES = ("numpy.dtype",)
# every (type, loader) that an archive may hold
ALLOWED_NODES = frozenset(
    {
        ("builtins.dict", "DictNode"),
        ("builtins.list", "ListNode"),
        ("builtins.str", "JsonNode"),
        ("builtins.str", "TypeNode"),
        ("builtins.tuple", "TupleNode"),
        ("numpy.dtype", "DTypeNode"),
        ("numpy.float64", "NdArrayNode"),
        ("numpy.int32", "NdArrayNode"),
        ("numpy.int64", "NdArrayNode"),
        ("numpy.ndarray", "NdArrayNode"),
        ("sklearn.ensemble._forest.RandomForestClassifier", "ObjectNode"),
        ("sklearn.impute._base.SimpleImputer", "ObjectNode"),
        ("sklearn.linear_model._logistic.LogisticRegression", "ObjectNode"),
        ("sklearn.pipeline.Pipeline", "ObjectNode"),
        ("sklearn.preprocessing._data.StandardScaler", "ObjectNode"),
        ("sklearn.tree._classes.DecisionTreeClassifier", "ObjectNode"),
    }
)


def dump_skops(pipeline: Any) -> bytes:
    """Return a fitted pipeline as a skops archive: the same bytes for the same pipeline.

    Parameters
    ----------
    pipeline : Pipeline
        Of impute, scale and, if any, a linear model or a forest without its trees.

    Raises
    ------
    ValueError
        If it holds a type that :func:`load_skops` would refuse.
    """
    from skops.io import dumps

    content = _settled(dumps(pipeline))
    _check_nodes(content)
    return content


def _settled(content: bytes) -> bytes:
    """Give objects numbers where skops writes addresses in memory, and drop the time of day."""
    entries = unzip(content)
    schema = json.loads(entries.pop("schema.json"))
    numbers: dict[int, int] = {}
    settled: dict[str, bytes] = {}

    def renumber(node: Any) -> None:
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            if key == "__id__":
                node[key] = numbers.setdefault(value, len(numbers) + 1)
            elif key == "file":
                stem, _, ending = value.partition(".")
                node[key] = f"{numbers.setdefault(int(stem), len(numbers) + 1)}.{ending}"
                settled[node[key]] = entries[value]
            elif isinstance(value, dict | list):
                renumber(value)

    renumber(schema)
    settled["schema.json"] = json.dumps(schema, indent=2).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, data in sorted(settled.items()):
            archive.writestr(zipfile.ZipInfo(name, _DATE), data, zipfile.ZIP_DEFLATED, 6)
    return packed.getvalue()


def load_skops(content: bytes) -> Any:
    """Read a skops archive whose every node is in ``ALLOWED_NODES``.

    Parameters
    ----------
    content : bytes

    Raises
    ------
    ValueError
        If this is no skops archive, is damaged, or names any other type. Nothing has been
        built then.
    """
    from skops.io import get_untrusted_types, loads
    from skops.io.exceptions import UntrustedTypesFoundException

    _check_nodes(content)
    from sklearn.exceptions import InconsistentVersionWarning

    try:
        strange = set(get_untrusted_types(data=content)) - set(TRUSTED_TYPES)
        if strange:
            raise ValueError(f"it names types that are not trusted: {', '.join(sorted(strange))}")
        with warnings.catch_warnings():
            # scikit-learn warns of any other version; the golden predictions measure instead
            # whether it matters
            warnings.simplefilter("ignore", InconsistentVersionWarning)
            return loads(content, trusted=list(TRUSTED_TYPES))
    except UntrustedTypesFoundException as error:
        raise ValueError(f"it names types that are not trusted: {error}") from error
    except BROKEN as error:
        raise ValueError(f"it is broken: {error}") from error


def _check_nodes(content: bytes) -> None:
    """Look at every node of an archive without building anything."""
    entries = unzip(content)
    if "schema.json" not in entries:
        raise ValueError("it is no skops archive: it has no schema")
    text = entries.pop("schema.json")
    if len(text) > _MAX_SCHEMA:
        raise ValueError(f"its schema has {len(text):,} bytes, more than a model can need")
    try:
        schema = json.loads(text)
    except RecursionError as error:
        raise ValueError("its schema is nested too deeply") from error
    for array in entries.values():
        read_npy(array)
    if not isinstance(schema, dict) or schema.get("protocol") != _PROTOCOL:
        raise ValueError("its protocol is not the one of skops 0.16")
    strange = set()
    waiting: list[Any] = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            # any of these keys makes a node of it, so that none can be passed by
            if not {"__class__", "__module__", "__loader__"}.isdisjoint(node):
                kind = f"{node.get('__module__')}.{node.get('__class__')}"
                if (kind, node.get("__loader__")) not in ALLOWED_NODES:
                    strange.add(f"{kind} ({node.get('__loader__')})")
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    if strange:
        shown = ", ".join(sorted(strange)[:5])
        raise ValueError(f"it names types that are not trusted: {shown}")
