"""The demonstration, on ports of its own: it forecasts, and leaves nothing behind."""

import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
SECONDS = 45


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def environment(tmp_path):
    """The demonstration's settings with free ports, and a mark by which its processes are known."""
    text = (ROOT / "config/demo.yaml").read_text()
    ports = {port: str(free_port()) for port in ("5556", "5557", "9477")}
    for port, free in ports.items():
        assert f"127.0.0.1:{port}" in text
        text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{free}")
    config = tmp_path / "demo.yaml"
    config.write_text(text)
    return {**os.environ, "BUILD": str(BUILD), "DEMO_CONFIG": str(config),
            "DEMO_INPUT": f"tcp://127.0.0.1:{ports['5556']}",
            "DEMO_OUTPUT": f"tcp://127.0.0.1:{ports['5557']}"}


def start(environment, seconds):
    return subprocess.Popen(["sh", "cli/demo.sh"], cwd=ROOT, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, env={**environment, "DEMO_SECONDS": str(seconds)})


def processes(environment):
    """What runs with the demonstration's settings or endpoints on its command line."""
    marks = [environment[name].encode() for name in ("DEMO_CONFIG", "DEMO_INPUT", "DEMO_OUTPUT")]
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if any(mark in line for mark in marks):
            found.append(line.replace(b"\0", b" ").decode())
    return found


def wait_for(wanted, seconds):
    end = time.monotonic() + seconds
    while not wanted() and time.monotonic() < end:
        time.sleep(0.1)
    return wanted()


def test_trained_networks_forecast_this_machine(environment):
    demo = start(environment, SECONDS)
    try:
        stdout, stderr = demo.communicate(timeout=SECONDS + 60)
    finally:
        demo.terminate()
        demo.wait()
    assert demo.returncode == 0, stderr
    assert "host_load1  last " in stdout
    assert "trained networks have a share" in stderr
    assert processes(environment) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_however_it_ends(environment, number):
    demo = start(environment, 60)
    try:
        assert wait_for(lambda: len(processes(environment)) >= 3, 20)
        demo.send_signal(number)
        demo.wait(timeout=20)
    finally:
        demo.kill()
        demo.wait()
    assert demo.returncode != 0
    assert wait_for(lambda: not processes(environment), 15), processes(environment)


def test_port_that_is_taken_is_said(environment):
    host, port = environment["DEMO_INPUT"].removeprefix("tcp://").split(":")
    with socket.socket() as taken:
        taken.bind((host, int(port)))
        taken.listen()
        demo = start(environment, 5)
        try:
            _, stderr = demo.communicate(timeout=30)
        finally:
            demo.kill()
            demo.wait()
    assert demo.returncode == 1
    assert "a port is taken" in stderr
