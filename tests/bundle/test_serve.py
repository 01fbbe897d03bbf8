"""A model behind MLflow's server: real requests over HTTP, and from a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ifn_severity.bundle import load_model
from ifn_severity.bundle.pyfunc import SeverityPyfunc


@pytest.fixture(scope="module")
def address(trained: Any) -> Iterator[str]:
    """What ``mlflow models serve`` runs, in this process: uvicorn with MLflow's application."""
    import uvicorn
    from mlflow import pyfunc
    from mlflow.pyfunc import scoring_server

    application = scoring_server.init(pyfunc.load_model(str(trained["transfer"].folder)))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(application, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join(timeout=10)
    os.environ.pop("_MLFLOW_IS_IN_SERVING_ENVIRONMENT", None)


def post(address: str, content: bytes, kind: str = "application/json") -> tuple[int, Any]:
    request = urllib.request.Request(  # noqa: S310
        f"{address}/invocations", data=content, headers={"Content-Type": kind}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            # JSON has no NaN: a strict reader must be able to read every answer
            return answer.status, json.loads(answer.read(), parse_constant=pytest.fail)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture(scope="module")
def samples(trained: Any) -> pd.DataFrame:
    one = trained["transfer"]
    return one.expression.iloc[:3][load_model(one.folder).manifest.genes]


@pytest.mark.parametrize("form", ["dataframe_split", "dataframe_records", "instances", "inputs"])
def test_every_form_of_request_gets_the_same_answer(
    address: str, samples: pd.DataFrame, trained: Any, form: str
) -> None:
    data = {
        "dataframe_split": json.loads(samples.to_json(orient="split", double_precision=15)),
        "dataframe_records": samples.to_dict("records"),
        "instances": samples.to_dict("records"),
        "inputs": samples.to_dict("list"),
    }[form]
    status, answer = post(address, json.dumps({form: data}).encode())
    assert status == 200
    expected = load_model(trained["transfer"].folder).predict(samples)
    for row, wanted in zip(answer["predictions"], expected.to_dict("records"), strict=True):
        assert row["probability_severe"] == pytest.approx(wanted["probability_severe"], abs=1e-9)
        assert row["call"] == wanted["call"]
        assert row["in_distribution"] == wanted["in_distribution"]
    names = [row["sample"] for row in answer["predictions"]]
    assert names == (["pat0", "pat1", "pat2"] if form == "dataframe_split" else ["0", "1", "2"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no json", "JSON"),
        (b"[1, 2]", "Received a list"),
        (b'{"rows": []}', "dataframe_split"),
        (b'{"instances": [[1, 2]]}', "name the genes in the request"),
        (b'{"instances": [{"VCP": 1, "GPI": 1}, {"GPI": 2}]}', "not the same"),
        (b'{"dataframe_records": [{"AGE": 50}]}', "genes of the model are among the columns"),
        (b'{"dataframe_records": []}', "no samples"),
        (b'{"dataframe_split": {"columns": ["VCP"], "data": [[1, 2]]}}', "dataframe_split"),
        (b'{"inputs": {"VCP": [[1, 2]]}}', "genes"),
    ],
)
def test_malformed_requests_are_refused_in_words(address: str, content: bytes, said: str) -> None:
    status, answer = post(address, content)
    assert status == 400
    assert said in answer
    assert "Traceback" not in answer


@pytest.mark.parametrize(
    ("value", "said"), [("high", "no numbers"), (-3.0, "negative"), (None, "missing or infinite")]
)
def test_impossible_values_are_refused_in_words(
    address: str, samples: pd.DataFrame, value: Any, said: str
) -> None:
    record = {**samples.iloc[0].to_dict(), "VCP": value}
    status, answer = post(address, json.dumps({"dataframe_records": [record]}).encode())
    assert status == 400
    assert said in answer
    assert "expected:" in answer
    assert "Traceback" not in answer


def test_a_sample_without_prediction_is_null(address: str, samples: pd.DataFrame) -> None:
    status, answer = post(
        address, json.dumps({"dataframe_records": [dict.fromkeys(samples, 0.0)]}).encode()
    )
    assert status == 200
    assert answer["predictions"][0]["probability_severe"] is None
    assert answer["predictions"][0]["call"] == "abstain"


def test_other_kinds_of_content(address: str, samples: pd.DataFrame) -> None:
    status, answer = post(address, samples.to_csv(index=False).encode(), "text/csv")
    assert status == 200
    assert len(answer["predictions"]) == 3
    assert post(address, b"<x/>", "text/xml")[0] == 415


def test_numbers_stay_numbers_in_python(
    trained: Any, samples: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("_MLFLOW_IS_IN_SERVING_ENVIRONMENT", raising=False)
    model = load_model(trained["transfer"].folder)
    found = SeverityPyfunc(model).predict(samples * 0.0)
    assert found["probability_severe"].dtype == float
    pd.testing.assert_frame_equal(found, model.predict(samples * 0.0))


def test_loads_in_a_fresh_process_from_any_folder(
    trained: Any, samples: pd.DataFrame, tmp_path: Path
) -> None:
    one = trained["transfer"]
    elsewhere = tmp_path / "other machine" / "renamed"
    shutil.copytree(one.folder, elsewhere)
    samples.to_csv(tmp_path / "samples.csv")
    code = (
        "import sys, json, pandas, mlflow\n"
        "data = pandas.read_csv(sys.argv[2], index_col=0, float_precision='round_trip')\n"
        "model = mlflow.pyfunc.load_model(sys.argv[1])\n"
        "print(json.dumps(model.predict(data)['probability_severe'].tolist()))\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "IFN_SEVERITY_HOME"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(elsewhere), str(tmp_path / "samples.csv")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**environment, "MLFLOW_DISABLE_TELEMETRY": "true"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = load_model(one.folder).predict(samples)["probability_severe"]
    assert json.loads(done.stdout.splitlines()[-1]) == pytest.approx(expected.tolist(), abs=1e-9)
    assert {path.name for path in tmp_path.iterdir()} == {"other machine", "samples.csv"}


def test_json_nested_too_deep_for_mlflows_reader_is_the_servers_500(address: str) -> None:
    # docs/models.md: the model never sees it, and the server goes on
    status, answer = post(address, b"[" * 100_000)
    assert status == 500
    assert "Traceback" not in answer
    assert post(address, b"[1, 2]")[0] == 400
