"""A cron deployment really gets scheduled runs with the locked pins.

With sqlalchemy 2.1 Prefect 3.8.8 starts, accepts the deployment, runs what is started by hand, and
never schedules anything: only its server's log says so. A night would silently never come.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = """
from flows.nightly import nightly
nightly.to_deployment(name="every-night", cron="0 2 * * *", parameters={"site": "/srv/accord/site"}).apply()
"""
LOAD = """
import sys
from prefect.flows import load_flow_from_entrypoint
flow = load_flow_from_entrypoint(sys.argv[1])
assert flow.name == "nightly", flow.name
flow.validate_parameters({"site": "/srv/accord/site"})
"""
OPT_OUTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_ENABLED": "false",
}
STARTUP_SECONDS = 90
SCHEDULER_SECONDS = 45


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Environment of a Prefect of its own: home, port, no telemetry."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return (
        inherited
        | OPT_OUTS
        | {
            "PREFECT_HOME": str(tmp_path / "prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PYTHONPATH": str(ROOT),
        }
    )


@pytest.fixture
def server(environ: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """API address of a running server; its whole process group is ended afterwards."""
    api = environ["PREFECT_API_URL"]
    log = tmp_path / "server.log"
    port = api.removesuffix("/api").rpartition(":")[2]
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as process,
    ):
        try:
            wait_until_healthy(api, process, log)
            yield api
        finally:
            end_group(process)


def wait_until_healthy(api: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{api}/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, TimeoutError, ConnectionError):
            time.sleep(0.25)
    pytest.fail(f"the server did not start:\n{log.read_text(encoding='utf-8')[-4000:]}")


def end_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def scheduled_runs(api: str) -> list[dict[str, object]]:
    wanted = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}, "sort": "EXPECTED_START_TIME_ASC"}
    return found(api, "flow_runs", wanted)


def found(api: str, what: str, wanted: dict[str, object]) -> list[dict[str, object]]:
    request = Request(
        f"{api}/{what}/filter",
        data=json.dumps(wanted).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urlopen(request, timeout=10) as answer:
        answered = json.load(answer)
    assert isinstance(answered, list)
    return answered


def run_python(code: str, *arguments: str, environ: dict[str, str], cwd: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd, env=environ, timeout=90, stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


def test_a_cron_deployment_of_the_night_gets_scheduled_runs(
    server: str, environ: dict[str, str], tmp_path: Path
):
    run_python(DEPLOY, environ=environ, cwd=ROOT)
    deadline = time.monotonic() + SCHEDULER_SECONDS
    while not (runs := scheduled_runs(server)) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert runs, (tmp_path / "server.log").read_text(encoding="utf-8")[-4000:]
    assert all(run["auto_scheduled"] for run in runs)
    assert all("T02:00:00" in str(run["expected_start_time"]) for run in runs)
    assert all(run["parameters"] == {"site": "/srv/accord/site"} for run in runs)
    [deployment] = found(server, "deployments", {})
    assert deployment["entrypoint"] == "flows/nightly.py:nightly"
    # A process that serves the deployment finds the flow by that name.
    run_python(LOAD, str(deployment["entrypoint"]), environ=environ, cwd=ROOT)
