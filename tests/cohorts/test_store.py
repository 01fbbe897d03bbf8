"""Loading: kept once, rebuilt when damaged, verified at each load."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
from anndata import AnnData

from ifn_severity import paths
from ifn_severity.cohorts import download, fetch, readers, store
from ifn_severity.cohorts.card import CohortCard, CohortFile, Expected, get_card
from ifn_severity.cohorts.schema import build_cohort
from ifn_severity.cohorts.store import cache_path, load_cohort
from ifn_severity.errors import CohortError, FetchError, StoreError

TABLE = "ISG15,IFIT1,ACTB\n1,2,3\n4,5,6\n0,1,9\n"
READ: list[Path] = []


def read_tiny(files: Mapping[str, Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    READ.append(files["table.csv"])
    expression = pd.read_csv(files["table.csv"]).set_axis(["a", "b", "c"], axis=0)
    obs = pd.DataFrame({"severity": ["mild", None, "severe"], "source_x": ["u", None, "v"]})
    return expression, obs.set_axis(expression.index, axis=0)


@pytest.fixture
def card(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CohortCard:
    """A cohort of three samples in a mirror of its own, read by a reader that keeps count."""
    READ.clear()
    data = TABLE.encode()
    file = CohortFile(
        "table.csv", "http://127.0.0.1:9/x", hashlib.sha256(data).hexdigest(), len(data), "none"
    )
    made = replace(
        get_card("GSE157103"),
        name="tiny",
        unit="counts",
        reader="tiny",
        files=(file,),
        expected=Expected(3, 3, 1, 1, days_since_onset=False),
    )
    for module in (fetch, store):
        monkeypatch.setattr(module, "get_card", lambda _name: made)
    monkeypatch.setattr(readers, "READERS", {"tiny": read_tiny})
    monkeypatch.setattr(download, "WAITS", ())
    mirror = tmp_path / "mirror" / "tiny"
    mirror.mkdir(parents=True)
    (mirror / "table.csv").write_bytes(data)
    monkeypatch.setenv("IFN_SEVERITY_MIRROR", str(mirror.parent))
    return made


def assert_same(one: AnnData, other: AnnData) -> None:
    assert (one.X == other.X).all()
    pd.testing.assert_frame_equal(one.obs, other.obs)
    pd.testing.assert_frame_equal(one.var, other.var)
    assert one.uns == other.uns


def test_kept_and_read_back_the_same(card: CohortCard) -> None:
    first = load_cohort("tiny")
    second = load_cohort("tiny")
    assert len(READ) == 1
    assert_same(first, second)
    assert {path.name for path in paths.processed_dir().iterdir()} == {
        cache_path(card).name,
        cache_path(card).name + ".sha256",
    }


def test_what_is_kept_is_what_was_built(card: CohortCard) -> None:
    kept = load_cohort("tiny")
    built = build_cohort(card, *read_tiny(fetch.fetch_cohort("tiny")))
    assert_same(kept, built)


@pytest.mark.parametrize("how", ["cut", "changed", "empty", "unsealed"])
def test_damaged_cache_is_rebuilt(how: str, card: CohortCard) -> None:
    first = load_cohort("tiny")
    cache = cache_path(card)
    data = cache.read_bytes()
    if how == "cut":
        cache.write_bytes(data[: len(data) // 2])
    elif how == "changed":
        middle = len(data) // 2
        cache.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
    elif how == "empty":
        cache.write_bytes(b"")
    else:
        cache.with_name(cache.name + ".sha256").unlink()
    assert_same(load_cohort("tiny"), first)
    assert len(READ) == 2
    load_cohort("tiny")
    assert len(READ) == 2


def test_a_new_card_makes_a_new_cache(card: CohortCard, monkeypatch: pytest.MonkeyPatch) -> None:
    load_cohort("tiny")
    other = paths.processed_dir() / "tiny-er-0123456789abcdef.h5ad"
    other.write_bytes(b"of another cohort")
    newer = replace(card, sha256="1" * 64)
    monkeypatch.setattr(store, "get_card", lambda _name: newer)
    load_cohort("tiny")
    assert len(READ) == 2
    assert cache_path(newer).is_file()
    assert not cache_path(card).exists()
    assert other.is_file()


def test_damaged_source_is_noticed_at_each_load(
    card: CohortCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_cohort("tiny")
    source = paths.raw_dir("tiny") / "table.csv"
    source.write_text(TABLE.replace("9", "8"), encoding="utf-8")
    load_cohort("tiny")
    assert source.read_text(encoding="utf-8") == TABLE
    source.write_text("<html>", encoding="utf-8")
    monkeypatch.delenv("IFN_SEVERITY_MIRROR")
    with pytest.raises(FetchError, match="IFN_SEVERITY_MIRROR"):
        load_cohort("tiny")


def test_offline_with_what_was_kept(card: CohortCard, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_cohort("tiny")
    monkeypatch.delenv("IFN_SEVERITY_MIRROR")
    assert_same(load_cohort("tiny"), first)
    (paths.raw_dir("tiny") / "table.csv").unlink()
    assert_same(load_cohort("tiny"), first)
    cache_path(card).unlink()
    with pytest.raises(FetchError):
        load_cohort("tiny")


def test_no_room_for_a_cache(card: CohortCard, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise StoreError("no space left", expected="room", do="free some")

    monkeypatch.setattr(store, "_keep", full)
    assert load_cohort("tiny").n_obs == 3
    assert not paths.processed_dir().exists()


def test_users_cohort(card: CohortCard, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = load_cohort("tiny")
    place = home / "data" / "cohorts" / "mine" / "cohort.h5ad"
    place.parent.mkdir(parents=True)
    built.write_h5ad(place)  # as a user might: text columns become categories
    data = place.read_bytes()
    file = CohortFile("cohort.h5ad", "", hashlib.sha256(data).hexdigest(), len(data), "mine")
    mine = replace(card, name="mine", kind="user", reader="user", files=(file,))
    for module in (fetch, store):
        monkeypatch.setattr(module, "get_card", lambda _name: mine)
    loaded = load_cohort("mine")
    pd.testing.assert_frame_equal(loaded.obs, typed(built.obs))
    assert loaded.uns["cohort"]["name"] == "mine"
    bare = replace(mine, files=())
    for module in (fetch, store):
        monkeypatch.setattr(module, "get_card", lambda _name: bare)
    with pytest.raises(CohortError, match=r"lists no cohort\.h5ad"):
        load_cohort("mine")


def typed(obs: pd.DataFrame) -> pd.DataFrame:
    return obs.assign(patient=obs["patient"].astype(str), tissue=obs["tissue"].astype(str))


def test_simulated_cohort_is_drawn(card: CohortCard, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = load_cohort("tiny")
    module = ModuleType("ifn_severity.cohorts.simulate")
    module.simulate_cohort = lambda: drawn  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    made = replace(card, name="simulated", kind="simulated", reader="simulated", files=())
    monkeypatch.setattr(store, "get_card", lambda _name: made)
    loaded = load_cohort("simulated")
    assert loaded.uns["cohort"]["simulated"] is True
    assert loaded.uns["cohort"]["files"] == {}


def test_public_names() -> None:
    import ifn_severity.cohorts as room

    for name in room.__all__:
        assert getattr(room, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = room.nothing
