"""Clocks that are wrong: the machine's wall clock jumps by a day, a sender's is a year ahead.

Only samples without a time look at the wall clock. Silence, time to live and checkpoints go by the clock that
never jumps, and a stream's steps are closed by its own samples alone.
"""

import calendar
import os
import pathlib
import struct
import subprocess
import sys
import time

import msgpack
import pytest
import zmq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "blackbox"))

from rollcast import EPOCH, WAIT_S, Client, Daemon, free_endpoint, settings  # noqa: E402

DAY = 86400
YEAR = 366 * DAY
STEP_S = 0.1


class WallClock:
    """The time of day as a daemon that is started with `environment` sees it."""

    def __init__(self, directory):
        self.file = directory / "offset"
        self.file.write_bytes(struct.pack("=q", 0))
        library = directory / "clock.so"
        source = pathlib.Path(__file__).with_name("clock.c")
        subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True,
                       timeout=60)
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(self.file)}

    def jump(self, seconds):
        with open(self.file, "r+b") as file:  # in place: it is mapped
            (now,) = struct.unpack("=q", file.read(8))
            file.seek(0)
            file.write(struct.pack("=q", now + seconds))


@pytest.fixture
def clock(tmp_path, monkeypatch):
    if any(flag in os.environ.get("BUILD", "") for flag in ("asan", "tsan")):
        pytest.skip("sanitizers come first in a program, and so would this clock")
    clock = WallClock(tmp_path)
    for name, value in clock.environment.items():
        monkeypatch.setenv(name, value)
    return clock


class Running:
    def __init__(self, directory, **more):
        self.samples, self.forecasts = free_endpoint(), free_endpoint()
        self.daemon = Daemon(directory / "daemon", settings(
            [{"type": "pull", "bind": [self.samples]}], [{"type": "push", "connect": [self.forecasts]}], **more))
        self.client = Client(zmq.PUSH, connect=self.samples)
        self.reader = Client(zmq.PULL, bind=self.forecasts)

    def end(self):
        self.client.close()
        self.reader.close()
        assert self.daemon.stop() == 0
        return self.daemon.counters()


def saw_it(daemon, jump):
    """Whether the daemon's log went along."""
    stamps = [line.split("Z ", 1)[0] for line in daemon.log().splitlines()]
    first, last = (calendar.timegm(time.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%f")) for stamp in (stamps[0], stamps[-1]))
    return abs(last - first - jump) < 600


@pytest.mark.parametrize("jump", [DAY, -DAY], ids=["forward", "back"])
def test_silence_and_checkpoints_do_not_look_at_the_wall_clock(clock, tmp_path, jump):
    running = Running(tmp_path, stream={"step": "1s"},
                      state={"path": str(tmp_path / "state"), "checkpoint": "500ms"})
    running.client.send_values("a", [float(i % 5) for i in range(30)])
    running.reader.receive_until(lambda f: f["time"] == EPOCH + 28)
    running.reader.drain(0.2)
    clock.jump(jump)
    begin = time.monotonic()
    # A step that is open closes after two steps of silence, neither at once nor a day later.
    running.client.send_values("b", [1.0, 2.0, 3.0])
    running.reader.receive_until(lambda f: f["name"] == "b" and f["time"] == EPOCH + 2)
    assert time.monotonic() - begin > 1
    time.sleep(2)
    counters = running.end()
    assert saw_it(running.daemon, jump)
    assert counters["streams"] == 2
    assert 2 <= counters['state_commits_total{result="done"}'] <= 100, "checkpoints neither stopped nor ran wild"
    again = Daemon(tmp_path / "again", settings(
        [{"type": "pull", "bind": [running.samples]}], [{"type": "push", "connect": [running.forecasts]}],
        state={"path": str(tmp_path / "state")}))
    assert "2 streams restored" in again.log()
    assert again.stop() == 0


def test_streams_are_forgotten_by_the_clock_that_never_jumps(clock, tmp_path):
    running = Running(tmp_path, limits={"ttl": "2s"}, stream={"step": "100ms"})
    running.client.send_values("a", [float(i % 5) for i in range(30)], step=STEP_S)
    running.reader.receive_until(lambda f: f["time"] > EPOCH + 2.75)
    clock.jump(DAY)
    begin = time.monotonic()
    for i in range(10):  # while it speaks it lives, whatever the time of day
        running.client.send({"name": "a", "time": EPOCH + 3 + i * STEP_S, "value": 1.0})
        time.sleep(0.1)
    running.reader.drain(0.3)
    clock.jump(-2 * DAY)
    time.sleep(max(0.0, begin + 8 - time.monotonic()))
    counters = running.end()
    assert saw_it(running.daemon, -DAY)
    assert counters['streams_forgotten_total{reason="ttl"}'] == 1
    assert counters.get("streams", 0) == 0


def test_samples_without_a_time_go_on_after_the_wall_clock_has_jumped(clock, tmp_path):
    running = Running(tmp_path, stream={"step": "100ms"})

    def run(seconds):
        """A sample a step, without a time; returns the forecasts that come meanwhile."""
        got, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            running.client.send({"name": "a", "value": 1.0})
            if forecast := running.reader.receive(0.1):
                got.append(forecast)
        return got

    before = run(3)
    clock.jump(DAY)
    ahead = run(4)
    clock.jump(-2 * DAY)
    back = run(8)
    for got, days in ((before, 0), (ahead, 1), (back, -1)):
        assert len(got) > 10
        assert abs(got[-1]["time"] - time.time() - days * DAY) < 60
    running.end()


def test_a_sender_a_year_ahead_closes_nobodys_steps_but_its_own(tmp_path):
    running = Running(tmp_path, stream={"lateness": "2s"}, threads={"shards": 1, "train": 0})
    names = [f"s{i}" for i in range(5)]
    for i in range(60):
        batch = [{"name": name, "time": EPOCH + i, "value": float(i % 7)} for name in names]
        if i >= 20:
            # A stream of its own, and once a sample of one of ours.
            batch.append({"name": "mad", "time": EPOCH + YEAR + i, "value": 1.0})
        if i == 30:
            batch.append({"name": "s0", "time": EPOCH + YEAR, "value": 1e6})
        running.client.send_raw(msgpack.packb(batch))
    got = running.reader.receive_until(lambda f: f["name"] == "s4" and f["time"] == EPOCH + 57)
    got += running.reader.drain(1)
    for name in names:
        times = [f["time"] - EPOCH for f in got if f["name"] == name and f["time"] < EPOCH + DAY]
        assert times[:58] == list(range(58)), f"{name}: {times}"
    assert all(f["last"] < 100 for f in got if f["name"] == "s0")
    counters = running.end()
    assert counters['samples_total{result="accepted"}'] >= 60 * 5 + 40
    assert counters.get('samples_total{result="late"}', 0) == 0
