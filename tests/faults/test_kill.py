"""kill -9 at random moments under load, over and over on one state: what was sent is still there.

The client remembers when it sent what. After each start no stream is missing, the first forecast comes
within a second and none holds NaN; every dozen kills the windows are read back from the files, and hold
every sample that was older than `journal` when the daemon was killed.

    KILLS=200 SEED=7 ...    how often (default 12), and which moments
"""

import calendar
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import threading
import time
import urllib.request

import zmq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "blackbox"))

from rollcast import BUILD, EPOCH, ROLLCASTD, WAIT_S, Client, Daemon, free_endpoint, settings  # noqa: E402

KILLS = int(os.environ.get("KILLS", "12"))
JOURNAL_S = 0.25
WAY_S = 0.1  # what a sample may take from the client through the sockets, on a loaded machine
STREAMS = [f"k{i}" for i in range(25)]


def value_of(index):
    return float(index % 10007)


class Load:
    """A sample of every stream, every few milliseconds, in a thread of its own; ends when told."""

    def __init__(self, endpoint, first):
        self.sent_at = {}  # index → when
        self.next = first
        self.ending = threading.Event()
        self.endpoint = endpoint
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        # A socket per life of the daemon: what the dead one did not take is gone with it.
        client = Client(zmq.PUSH, connect=self.endpoint)
        while not self.ending.is_set():
            for name in STREAMS:
                client.send({"name": name, "time": EPOCH + self.next, "value": value_of(self.next)})
            self.sent_at[self.next] = time.monotonic()
            self.next += 1
            self.ending.wait(0.004)
        client.close()

    def end(self):
        self.ending.set()
        self.thread.join()


def check(forecast):
    numbers = forecast["mean"] + [x for row in forecast["quantiles"].values() for x in row]
    assert all(map(math.isfinite, numbers)), forecast
    assert math.isfinite(forecast["last"])


def exported(state, name):
    """The window in the files: index → value."""
    lines = subprocess.run([BUILD / "rollcast", "state", "export", name, "--path", state], check=True,
                           capture_output=True, text=True, timeout=20).stdout.splitlines()[1:]
    window = {}
    for line in lines:
        when, value = line.split(",")
        seconds = time.strptime(when, "%Y-%m-%dT%H:%M:%SZ")
        window[calendar.timegm(seconds) - EPOCH] = float(value)
    return window


def check_windows(daemon, state, surely):
    """A start and a stop, after which all is in the records."""
    assert daemon.stop() == 0, daemon.log()
    for name in STREAMS:
        found = exported(state, name)
        missing = [i for i in surely if found.get(i) != value_of(i)]
        assert not missing, f"{name} lacks {len(missing)} of {len(surely)}: " \
                            f"{[(i, round(surely[i], 3)) for i in missing]}"


def test_killed_at_any_moment_it_goes_on_where_it_was(tmp_path):
    rng = random.Random(os.environ.get("SEED", "3"))
    samples, forecasts = free_endpoint(), free_endpoint()
    receiver = Client(zmq.PULL, bind=forecasts)
    state = tmp_path / "state"
    every = settings([{"type": "pull", "bind": [samples]}], [{"type": "push", "connect": [forecasts]}],
                     state={"path": str(state), "checkpoint": "400ms", "journal": f"{JOURNAL_S * 1000:.0f}ms",
                            "size": "8GiB"},
                     stream={"window": 4000, "retrain": {"every": 200}, "gap": "none"})
    surely = {}  # indexes that must be in every window, and how old they were when it was killed
    firsts, index, checked = [], 0, 0
    for kill in range(KILLS):
        daemon = Daemon(tmp_path / f"daemon{kill}", every)
        try:
            if kill:
                assert f"state: {len(STREAMS)} streams restored" in daemon.log(), daemon.log()
                assert "0 of them in part" in daemon.log() and "set aside" not in daemon.log()
            begun = time.monotonic()
            load = Load(samples, index)
            life_s, first_s, seen = rng.uniform(0.6, 1.8), None, set()
            while time.monotonic() - begun < life_s:
                forecast = receiver.receive(0.02)
                if forecast:
                    first_s = first_s or time.monotonic() - begun
                    seen.add(forecast.stream)
                    check(forecast)
            killed_at = time.monotonic()
            daemon.process.kill()
            daemon.process.wait()
            load.end()
            assert first_s is not None and first_s < 1, first_s
            assert seen == set(STREAMS)
            firsts.append(first_s)
            ages = {i: killed_at - at for i, at in load.sent_at.items()}
            surely.update({i: age for i, age in ages.items() if age > JOURNAL_S + WAY_S})
            index = load.next + 5
            receiver.drain(0.1)
        finally:
            daemon.process.kill()
            daemon.process.wait()
        if kill % 12 == 11 or kill == KILLS - 1:
            check_windows(Daemon(tmp_path / f"check{kill}", every), state, surely)
            checked += len(surely)
            surely = {}
    receiver.close()
    print(f"{KILLS} kills, {checked} samples of each of {len(STREAMS)} streams checked, "
          f"first forecast after {max(firsts):.3f} s at most")
    assert checked > KILLS * 20


def wait_until_journalled(http, count):
    end = time.monotonic() + WAIT_S
    saved = re.compile(rb'state_journal_samples_total{result="saved"} (\S+)')
    while True:
        with urllib.request.urlopen(f"http://{http}/metrics", timeout=WAIT_S) as answer:
            if float(saved.search(answer.read())[1]) >= count:
                return
        assert time.monotonic() < end
        time.sleep(0.05)


def test_killed_while_it_restores_it_restores_the_next_time(tmp_path):
    rng = random.Random(os.environ.get("SEED", "3"))
    samples, forecasts, http = free_endpoint(), free_endpoint(), free_endpoint().removeprefix("tcp://")
    state = tmp_path / "state"
    streams, values = [f"r{i}" for i in range(300)], [float(i * i % 17) for i in range(600)]
    every = settings([{"type": "pull", "bind": [samples]}], [{"type": "pub", "bind": [forecasts]}],
                     state={"path": str(state), "checkpoint": "60s", "journal": "100ms"},
                     stream={"window": 1000, "retrain": {"every": 400}}, threads={"train": 0},
                     http={"listen": http})
    # Half of what is known is in records, the other half in the journal.
    client = Client(zmq.PUSH, connect=samples)
    for half in (0, 300):
        daemon = Daemon(tmp_path / f"half{half}", every)
        for name in streams:
            client.send_values(name, values[half:half + 300], start=EPOCH + half)
        wait_until_journalled(http, 300 * len(streams))
        if half:
            daemon.process.kill()
            daemon.process.wait()
        else:
            assert daemon.stop() == 0
    client.close()
    begun = time.monotonic()
    daemon = Daemon(tmp_path / "whole", every)
    start_s = time.monotonic() - begun
    daemon.process.kill()
    daemon.process.wait()
    for _ in range(KILLS):
        with open(tmp_path / "log", "wb") as log, \
                subprocess.Popen([ROLLCASTD, "--config", daemon.file], cwd=tmp_path, stderr=log) as process:
            time.sleep(rng.uniform(0, 1.1 * start_s))
            process.kill()
    daemon = Daemon(tmp_path / "again", every)
    assert f"state: {len(streams)} streams restored" in daemon.log() and ", 0 of them in part" in daemon.log()
    assert "set aside" not in daemon.log()
    assert daemon.stop() == 0
    for name in streams[::50]:
        found = exported(state, name)
        assert [found.get(i) for i in range(len(values))] == values, name
