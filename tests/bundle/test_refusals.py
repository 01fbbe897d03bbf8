"""A model that was damaged, forged or made elsewhere is refused in one block, and runs nothing."""

from __future__ import annotations

import io
import json
import pickle
import shutil
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from ifn_severity.bundle import load_model
from ifn_severity.bundle.booster import check_booster
from ifn_severity.bundle.contents import unzip
from ifn_severity.bundle.manifest_read import read_manifest
from ifn_severity.bundle.mlmodel import check_mlflow_files, mlflow_files
from ifn_severity.bundle.ubjson import read_ubjson
from ifn_severity.errors import ModelError

MODELS = Path(__file__).parents[2] / "models"


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (self.path, "w")


def refused(folder, match: str) -> ModelError:
    with pytest.raises(ModelError, match=match) as caught:
        load_model(folder)
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["got", "expected", "do"]
    return caught.value


@pytest.mark.parametrize("kind", ["logistic", "forest", "xgboost"])
def test_any_changed_byte_is_noticed(copy_of, kind):
    folder = copy_of(kind)
    for path in sorted(folder.iterdir()):
        original = path.read_bytes()
        changed = bytearray(original)
        changed[len(changed) // 2] ^= 1
        path.write_bytes(changed)
        refused(folder, "sha256|was written for")
        path.write_bytes(original)
    load_model(folder)


@pytest.mark.parametrize("kind", ["logistic", "forest", "xgboost"])
def test_any_missing_or_shortened_file_is_noticed(copy_of, kind):
    folder = copy_of(kind)
    for path in sorted(folder.iterdir()):
        original = path.read_bytes()
        path.write_bytes(original[:-1])
        refused(folder, "bytes|was written for")
        path.unlink()
        refused(folder, "missing|has no manifest")
        path.write_bytes(original)


def test_unlisted_files_and_bystanders(copy_of):
    folder = copy_of("logistic")
    (folder / ".DS_Store").write_bytes(b"x")
    load_model(folder)
    (folder / "evil.pkl").write_bytes(b"x")
    refused(folder, "does not list: evil.pkl")


@pytest.mark.parametrize("size", [0, 1, 100, 4000, -1])
def test_booster_cut_short_with_right_checksums(copy_of, forge, size):
    folder = copy_of("xgboost")
    content = (folder / "booster.ubj").read_bytes()
    forge(folder, **{"booster.ubj": content[:size]})
    refused(folder, "booster.ubj was refused")


def test_booster_that_points_outside_itself(trained):
    booster = trained["xgboost"].classifier.pipeline_[-1].get_booster()
    content = bytes(booster.save_raw("ubj"))
    n_features = trained["xgboost"].features.shape[1]
    check_booster(content, n_features=n_features)
    key = b"left_children[$l#L"
    at = content.index(key) + len(key) + 8
    forged = content[:at] + (1_000_000).to_bytes(4, "big") + content[at + 4 :]
    with pytest.raises(ValueError, match="outside the tree"):
        check_booster(forged, n_features=n_features)
    key = b"split_indices[$l#L"
    at = content.index(key) + len(key) + 8
    forged = content[:at] + n_features.to_bytes(4, "big") + content[at + 4 :]
    with pytest.raises(ValueError, match="a feature that there is not"):
        check_booster(forged, n_features=n_features)
    with pytest.raises(ValueError, match="num_feature"):
        check_booster(content, n_features=n_features - 1)


def test_booster_with_random_damage_never_reaches_xgboost_unread(trained):
    content = bytes(trained["xgboost"].classifier.pipeline_[-1].get_booster().save_raw("ubj"))
    rng = np.random.default_rng(0)
    for _ in range(50):
        with pytest.raises(ValueError, match=r".+"):
            read_ubjson(content[: rng.integers(len(content))])


def test_pickle_dressed_as_skops(copy_of, forge, tmp_path):
    folder, mark = copy_of("logistic"), tmp_path / "ran"
    forge(folder, **{"pipeline.skops": pickle.dumps(Bomb(str(mark)))})
    refused(folder, "pipeline.skops was refused: it is no zip archive")
    assert not mark.exists()


def _skops(schema: dict, **entries: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", json.dumps(schema))
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("module", "name", "loader"),
    [
        ("os", "system", "FunctionNode"),
        ("os", "system", "TypeNode"),
        ("builtins", "eval", "FunctionNode"),
        ("functools", "partial", "PartialNode"),
        ("operator", "methodcaller", "OperatorFuncNode"),
        ("sklearn.tree._tree", "Tree", "TreeNode"),
        ("sklearn.preprocessing._function_transformer", "FunctionTransformer", "ObjectNode"),
        ("sklearn.pipeline", "Pipeline", "MethodNode"),
    ],
)
def test_skops_with_untrusted_types(copy_of, forge, module, name, loader):
    folder = copy_of("logistic")
    with zipfile.ZipFile(folder / "pipeline.skops") as archive:
        schema = json.loads(archive.read("schema.json"))
        arrays = {n: archive.read(n) for n in archive.namelist() if n != "schema.json"}
    node = {"__module__": module, "__class__": name, "__loader__": loader, "content": {}}
    schema["content"]["content"]["memory"] = node
    forge(folder, **{"pipeline.skops": _skops(schema, **arrays)})
    refused(folder, rf"not trusted: {module}.{name} \({loader}\)")


def test_skops_with_an_older_protocol(copy_of, forge):
    folder = copy_of("logistic")
    with zipfile.ZipFile(folder / "pipeline.skops") as archive:
        schema = json.loads(archive.read("schema.json"))
    forge(folder, **{"pipeline.skops": _skops({**schema, "protocol": 0})})
    refused(folder, "protocol")


def test_skops_that_unpacks_to_more_than_it_should(copy_of, forge):
    folder = copy_of("logistic")
    bomb = _skops({}, **{"a.npy": bytes(70_000_000)})
    assert len(bomb) < 1_000_000
    forge(folder, **{"pipeline.skops": bomb})
    refused(folder, "unpacks to more")


def test_skops_schema_that_would_fill_the_memory(copy_of, forge):
    folder = copy_of("logistic")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b"[" + b"[]," * 1_000_000 + b"0]")
    assert len(buffer.getvalue()) < 10_000
    forge(folder, **{"pipeline.skops": buffer.getvalue()})
    tracemalloc.start()
    refused(folder, "its schema has 3,000,003 bytes")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # a file is read with room for the largest there may be; parsed, the lists are 70 MB more
    assert peak < 80_000_000


def test_skops_without_a_schema(copy_of, forge):
    folder = copy_of("logistic")
    forge(folder, **{"pipeline.skops": _npz(**{"1.npy": b""})})
    refused(folder, "it has no schema")


def test_skops_array_with_an_absurd_shape(copy_of, forge):
    folder = copy_of("logistic")
    with zipfile.ZipFile(folder / "pipeline.skops") as archive:
        schema = json.loads(archive.read("schema.json"))
        arrays = {n: archive.read(n) for n in archive.namelist() if n != "schema.json"}
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
    )
    arrays[next(iter(arrays))] = header.getvalue()
    forge(folder, **{"pipeline.skops": _skops(schema, **arrays)})
    refused(folder, "shape it announces")


@pytest.mark.parametrize(
    ("column", "value", "match"),
    [
        ("left_child", 10**6, "outside the tree"),
        ("left_child", 0, "outside the tree"),
        ("feature", 10**6, "a feature that there is not"),
        ("n_nodes", 10**6, "disagree in number"),
        ("value", np.nan, "not finite"),
    ],
)
def test_forest_that_points_outside_itself(copy_of, forge, column, value, match):
    folder = copy_of("forest")
    with np.load(folder / "trees.npz", allow_pickle=False) as archive:
        columns = {name: archive[name].copy() for name in archive.files}
    columns[column].flat[0] = value
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **columns)
    forge(folder, **{"trees.npz": buffer.getvalue()})
    refused(folder, f"trees.npz was refused: .*{match}")


def test_forest_with_pickled_arrays(copy_of, forge, tmp_path):
    folder, mark = copy_of("forest"), tmp_path / "ran"
    with np.load(folder / "trees.npz", allow_pickle=False) as archive:
        columns = {name: archive[name] for name in archive.files}
    columns["value"] = np.array([Bomb(str(mark))], dtype=object)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **columns)
    forge(folder, **{"trees.npz": buffer.getvalue()})
    refused(folder, "unknown header")
    assert not mark.exists()


def _set(*path: str, value: object):
    def change(manifest: dict) -> None:
        for key in path[:-1]:
            manifest = manifest[key]
        manifest[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (_set("files", "golden.csv", "bytes", value=10**15), "bytes is 1000000000000000"),
        (_set("files", "golden.csv", "bytes", value=-1), "bytes is -1"),
        (_set("files", "golden.csv", "bytes", value=True), "of type bool"),
        (_set("files", "golden.csv", "bytes", value=60_000_000), "its manifest says 60,000,000"),
        (_set("files", "../outside", value={"sha256": "0" * 64, "bytes": 1}), "outside"),
        (_set("files", "/etc/passwd", value={"sha256": "0" * 64, "bytes": 1}), "outside"),
        (_set("files", "a\\b", value={"sha256": "0" * 64, "bytes": 1}), "outside"),
        (
            _set("files", "more.csv", value={"sha256": "0" * 64, "bytes": 1}),
            "other files: more.csv",
        ),
        (_set("schema_version", value=99), "from a later ifn-severity"),
        (_set("schema_version", value="1"), "schema_version is '1'"),
        (_set("format", value="something"), "not the manifest"),
        (_set("model", value="pickle"), "model is 'pickle'"),
        (_set("columns", value=["a"] * 3), "a name twice"),
        (_set("columns", value=["gene:NOPE"]), "other gene lists"),
        (_set("genes", value=[]), "not a list of names"),
        (_set("feature_set", value="zebra"), "'zebra' is unknown"),
        (_set("definition_sha256", value="0" * 64), "other gene lists"),
        (_set("threshold", "value", value=1.5), "not between 0 and 1"),
        (_set("calibration", "slope", value=-1.0), "slope is -1.0"),
        (_set("classes", value=[0, 1, 2]), "not two labels"),
        (_set("best_params", value={"model__callbacks": ["x"]}), "not plain values"),
        (_set("random_state", value=-1), "random_state is -1"),
        (_set("name", value="../up"), "name is"),
        (_set("distribution", "distance_limit", value="far"), "distance_limit is of type str"),
        (_set("distribution", "distance_limit", value=-1.0), "distance_limit is -1.0"),
        (lambda manifest: manifest["distribution"].pop("distance_limit"), "distance_limit is mis"),
        (_set("interval", value={"basis": "hope"}), "basis is 'hope'"),
        (_set("interval", value=[1]), "interval is of type list"),
        (_set("catalogue_version", value=7), "catalogue_version is of type int"),
        (_set("schema_version", value=1), "schema version 1, from before"),
        (_set("simulated", value=0), "simulated is of type int"),
        (lambda manifest: manifest.pop("labels"), "labels is missing"),
    ],
)
def test_manifest_that_makes_no_sense(copy_of, forge, change, match):
    folder = copy_of("xgboost")
    forge(folder, change)
    refused(folder, match)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[1]",
        b'{"format": NaN}',
        b"[" * 100_000,
        b"\xff\xfe",
        b"{}" + b" " * 5_000_000,
    ],
)
def test_manifest_that_is_none(copy_of, content):
    import hashlib

    folder = copy_of("logistic")
    (folder / "manifest.json").write_bytes(content)
    line = f"{hashlib.sha256(content).hexdigest()}  manifest.json\n"
    (folder / "manifest.sha256").write_text(line)
    refused(folder, "manifest.json")


def test_links_and_folders(copy_of, tmp_path):
    folder = copy_of("logistic")
    real = tmp_path / "elsewhere.csv"
    shutil.move(folder / "golden.csv", real)
    (folder / "golden.csv").symlink_to(real)
    refused(folder, "golden.csv is a link")
    (folder / "golden.csv").unlink()
    shutil.move(real, folder / "golden.csv")
    (folder / "more").mkdir()
    refused(folder, "more is not a plain file")


def _mlmodel(folder, *path: str, value: object) -> bytes:
    mlmodel = json.loads((folder / "MLmodel").read_text())
    _set(*path, value=value)(mlmodel)
    return (json.dumps(mlmodel, indent=2) + "\n").encode()


@pytest.mark.parametrize(
    ("path", "value", "match"),
    [
        (("flavors", "python_function", "loader_module"), "mlflow.sklearn", "by mlflow.sklearn"),
        (("flavors", "python_function", "loader_module"), "\ud800", r"by \\ud800"),
        (("flavors", "python_function", "code"), "code", "MLmodel is not what"),
        (("flavors", "sklearn"), {"code": "code"}, "MLmodel is not what"),
        (("flavors",), 5, "by what cannot be told"),
        (("signature", "inputs"), "[]", "MLmodel is not what"),
        (("auth_policy",), {"system_auth_policy": {}}, "MLmodel is not what"),
        (("resources",), {}, "MLmodel is not what"),
        (("model_uuid",), 5, "MLmodel is not what"),
        (("run_id",), "a" * 32, "MLmodel is not what"),
        (("utc_time_created",), "<script>", "MLmodel is not what"),
    ],
)
def test_mlmodel_that_says_anything_else(copy_of, forge, path, value, match):
    folder = copy_of("logistic")
    assert _mlmodel(folder, "mlflow_version", value="x") != (folder / "MLmodel").read_bytes()
    forge(folder, MLmodel=_mlmodel(folder, *path, value=value))
    refused(folder, match)


@pytest.mark.parametrize("kind", ["logistic", "xgboost"])
@pytest.mark.parametrize(
    ("name", "add"),
    [
        ("MLmodel", b"\n"),
        ("requirements.txt", b"evil-package==1.0\n"),
        ("requirements.txt", b"--index-url http://127.0.0.1\n"),
        ("requirements.txt", None),
        ("python_env.yaml", b"dependencies: [evil-package]\n"),
        ("python_env.yaml", None),
    ],
)
def test_environment_that_is_another(copy_of, forge, kind, name, add):
    folder = copy_of(kind)
    content = b"" if add is None else (folder / name).read_bytes() + add
    forge(folder, **{name: content})
    refused(folder, f"{name} is not what ifn-severity writes")


def test_versions_cannot_ask_for_other_packages(copy_of, forge):
    folder = copy_of("logistic")
    forge(folder, _set("versions", "evil-package", value="1.0"))
    load_model(folder)  # it is asked for nowhere
    forge(folder, _set("versions", "numpy", value="2.3.5\nevil-package==1.0"))
    refused(folder, "versions: 'numpy' is")


@pytest.mark.parametrize("folder", sorted(MODELS.glob("*/")), ids=lambda folder: folder.name)
def test_released_models_have_the_files_that_mlflow_reads(folder):
    manifest = read_manifest((folder / "manifest.json").read_bytes())
    files = {name: (folder / name).read_bytes() for name in manifest.files}
    check_mlflow_files(manifest, files)
    with pytest.raises(ValueError, match="requirements"):
        check_mlflow_files(manifest, {**files, "requirements.txt": b""})


def other_versions(folder, forge, **versions: str) -> None:
    """Let a model be saved with other versions of libraries."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["versions"].update({name.replace("_", "-"): is_ for name, is_ in versions.items()})
    keys = ("model", "name", "created", "versions")
    files = mlflow_files(**{key: manifest[key] for key in keys})
    forge(folder, _set("versions", value=manifest["versions"]), **files)


def test_golden_predictions_that_differ(copy_of, forge):
    folder = copy_of("logistic")
    lines = (folder / "golden_predictions.csv").read_text().splitlines()
    sample, log_odds, probability = lines[1].split(",")
    lines[1] = f"{sample},{float(log_odds) + 1e-3},{probability}"
    forge(folder, **{"golden_predictions.csv": ("\n".join(lines) + "\n").encode()})
    assert "libraries are the same" in refused(folder, "golden samples .* away").do
    other_versions(folder, forge, scikit_learn="1.7.0")
    assert 'install "scikit-learn==1.7.0"' in refused(folder, "golden samples").do


def test_other_library_versions_are_told_where_predictions_agree(copy_of, forge):
    folder = copy_of("forest")
    other_versions(folder, forge, numpy="2.1.0")
    (note,) = load_model(folder).notes
    assert note.startswith("The model was saved with numpy 2.1.0; here are numpy ")


def test_catalogue_that_differs_in_words_only_is_accepted(copy_of, forge):
    folder = copy_of("logistic")
    forge(folder, _set("catalogue_sha256", value="0" * 64))
    load_model(folder)


@pytest.mark.parametrize("name", ["golden.csv", "golden_predictions.csv", "reference.csv"])
@pytest.mark.parametrize("content", [b"", b"\xff", b"a,b\n1\n", b"gene,x\nISG15,text\n"])
def test_tables_that_are_none(copy_of, forge, name, content):
    folder = copy_of("logistic")
    forge(folder, **{name: content})
    refused(folder, ".")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"gene" + b"," * 600_000 + b"\n", "larger than a model can need"),
        (b"gene,x\n" + b"\n" * 600_000, "larger than a model can need"),
        (b'gene,x\nISG15,"' + b"1" * 17_000_000 + b'"\n', "larger than a model can need"),
        (b"gene" + b",x" * 1_000 + b"\nISG15" + b",1" * 1_000 + b"\n", "has 1,001 columns"),
    ],
)
def test_tables_that_would_fill_the_memory(copy_of, forge, content, match):
    folder = copy_of("logistic")
    forge(folder, **{"golden.csv": content})
    tracemalloc.start()
    refused(folder, match)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # the file is read with room for the largest there may be
    assert peak < 90_000_000


def test_unknown_names_offer_the_nearest(trained, home, monkeypatch):
    with pytest.raises(ModelError) as caught:
        load_model("tiny")
    assert "ifn-severity train" in caught.value.do
    shutil.copytree(trained["logistic"].folder, home / "models" / "tiny-logistic")
    for given in ("tiny-logstic", "models/tiny-logstic"):
        with pytest.raises(ModelError) as caught:
            load_model(given)
        assert caught.value.do == "did you mean tiny-logistic?"
    for given in ("tiny-logistic", "models/tiny-logistic", home / "models" / "tiny-logistic"):
        assert load_model(given).name == "tiny-logistic"


@pytest.mark.parametrize("given", ["a\0b", "x" * 5000, ""])
def test_names_that_no_disk_can_hold(home, given):
    with pytest.raises(ModelError):
        load_model(given)


def test_other_folders_and_files(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    refused(tmp_path, "has no manifest.json; it holds notes.txt")
    refused(tmp_path / "notes.txt", "is a file")


def _npz(**arrays: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in arrays.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _space_arrays(folder) -> dict[str, bytes]:
    with zipfile.ZipFile(folder / "space.npz") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_space_that_unpacks_to_more_than_it_should(copy_of, forge):
    folder = copy_of("logistic")
    bomb = _npz(**{**_space_arrays(folder), "centre.npy": bytes(70_000_000)})
    assert len(bomb) < 1_000_000
    forge(folder, **{"space.npz": bomb})
    refused(folder, "unpacks to more")


def announce_less(packed: bytes, name: str, content: bytes) -> bytes:
    """Let an entry of a zip announce less than it unpacks to: size and checksum of ``content``."""
    raw = bytearray(packed)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        local = archive.getinfo(name).header_offset
    central = raw.rindex(name.encode()) - 46
    for crc, size in ((local + 14, local + 22), (central + 16, central + 24)):
        struct.pack_into("<I", raw, crc, zlib.crc32(content))
        struct.pack_into("<I", raw, size, len(content))
    return bytes(raw)


def test_space_that_announces_less_than_it_unpacks_to(copy_of, forge):
    folder = copy_of("logistic")
    arrays = _space_arrays(folder)
    real = arrays["centre.npy"]
    packed = _npz(**{**arrays, "centre.npy": real + bytes(30_000_000)})
    bomb = announce_less(packed, "centre.npy", real)
    # Python's own reader takes it for good
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        assert archive.read("centre.npy") == real
    forge(folder, **{"space.npz": bomb})
    refused(folder, r"centre\.npy does not have the [\d,]+ bytes announced")
    tracemalloc.start()
    with pytest.raises(ValueError, match="bytes announced"):
        unzip(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_space_with_a_tail_or_another_checksum(copy_of, forge):
    folder = copy_of("logistic")
    arrays = _space_arrays(folder)
    real = arrays["centre.npy"]
    longer = announce_less(_npz(**arrays), "centre.npy", real + b"x")
    forge(folder, **{"space.npz": longer})
    refused(folder, "bytes announced")
    other = announce_less(_npz(**arrays), "centre.npy", real[:-1] + b"x")
    forge(folder, **{"space.npz": other})
    refused(folder, "differs from its checksum")


def test_space_with_pickled_arrays(copy_of, forge, tmp_path):
    folder, mark = copy_of("logistic"), tmp_path / "ran"
    buffer = io.BytesIO()
    np.save(buffer, np.array([Bomb(str(mark))], dtype=object), allow_pickle=True)
    forge(folder, **{"space.npz": _npz(**{**_space_arrays(folder), "rest.npy": buffer.getvalue()})})
    refused(folder, "unknown header")
    assert not mark.exists()


@pytest.mark.parametrize("name", ["../centre.npy", "/centre.npy", "..\\centre.npy"])
def test_space_with_names_outside_itself(copy_of, forge, name):
    folder = copy_of("logistic")
    arrays = _space_arrays(folder)
    arrays[name] = arrays.pop("centre.npy")
    forge(folder, **{"space.npz": _npz(**arrays)})
    refused(folder, "impossible names")


@pytest.mark.parametrize(
    ("array", "value", "match"),
    [
        ("rest", 0.0, "impossible scales"),
        ("rest", np.nan, "not finite"),
        ("variances", -1.0, "impossible scales"),
        ("scale", -1.0, "impossible scales"),
        ("centre", np.inf, "not finite"),
    ],
)
def test_space_of_impossible_numbers(copy_of, forge, array, value, match):
    folder = copy_of("logistic")
    arrays = _space_arrays(folder)
    numbers = np.load(io.BytesIO(arrays[f"{array}.npy"])).copy()
    numbers.flat[0] = value
    buffer = io.BytesIO()
    np.save(buffer, numbers)
    forge(folder, **{"space.npz": _npz(**{**arrays, f"{array}.npy": buffer.getvalue()})})
    refused(folder, match)


def test_pipes_and_hidden_folders_are_not_read(copy_of):
    import os

    folder = copy_of("logistic")
    (folder / "golden.csv").unlink()
    os.mkfifo(folder / "golden.csv")
    refused(folder, "golden.csv is not a plain file")


def test_manifest_that_is_a_link(copy_of, tmp_path):
    folder = copy_of("logistic")
    shutil.move(folder / "manifest.json", tmp_path / "manifest.json")
    (folder / "manifest.json").symlink_to(tmp_path / "manifest.json")
    refused(folder, "manifest.json is a link")
