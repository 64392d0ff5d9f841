"""Weeks of a hundred streams through the real daemon, as fast as they go: does it stay as large as it is?

    SOAK_WEEKS=8 SOAK_SECONDS=300 SOAK_STREAMS=100 BUILD=build python3 tests/soak/soak.py

As many weeks, and no longer than so many seconds once there are enough for a verdict.

A sample of each stream every five minutes of simulated time, over ZeroMQ, with the state on, trainers, a subscriber that
comes and goes, a scrape now and then, and every week a reload of other settings. Memory is read every simulated day. Once
windows are full and networks trained, a line is laid through it: if it rises by more than a twentieth of the whole until the
end, exit status 1. So with the files of the state.
"""

import copy
import json
import math
import os
import pathlib
import random
import re
import signal
import sys
import tempfile
import time
import urllib.request

import msgpack
import zmq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "blackbox"))

from rollcast import EPOCH, Client, Daemon, free_endpoint, settings  # noqa: E402

WEEKS = int(os.environ.get("SOAK_WEEKS", "8"))
SECONDS = float(os.environ.get("SOAK_SECONDS", "300"))
STREAMS = int(os.environ.get("SOAK_STREAMS", "100"))
STEP_S = 300
DAY = 86400 // STEP_S  # steps
WEEK = 7 * DAY
WARM = 2  # weeks: a window holds one
RISE = 0.05  # of the whole, from the warm end to the last
LIMIT_S = 600  # for one simulated day
ACCEPTED = 'samples_total{result="accepted"}'
WAITING = 'queue_length{queue="training"}'
TRAININGS = 'trainings_total{result="adopted"}'


def value(random_, stream, step):
    """A day, a week, noise, sometimes a level shift; a few streams are counters of rare events."""
    if stream % 10 == 9:
        return float(random_.random() < 0.05)
    day = math.sin(2 * math.pi * (step / DAY + stream / 17))
    week = 1 if step % WEEK < 5 * DAY else 0.5
    shift = 10 * (step // (2 * WEEK + 31 * stream))
    return 100 + stream + week * 20 * day + shift + random_.gauss(0, 2)


def resident(process):
    """What is the daemon's own; without the files that it has mapped, of which the kernel keeps what it likes."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+)", status)[1]) * 1024


def files(directory):
    return sum(file.stat().st_blocks * 512 for file in directory.iterdir())


def metric(http, name):
    with urllib.request.urlopen(f"http://{http}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    return float(re.search(rf"^rollcast_{re.escape(name)} (\S+)$", text, re.M)[1])


def rise(points):
    """Of the line of least squares through them, from the first to the last."""
    xs, ys = range(len(points)), points
    x, y = sum(xs) / len(points), sum(ys) / len(points)
    slope = sum((a - x) * (b - y) for a, b in zip(xs, ys)) / sum((a - x) ** 2 for a in xs)
    return slope * (len(points) - 1)


class Soak:
    def __init__(self, directory):
        self.state = directory / "state"
        self.http = free_endpoint().removeprefix("tcp://")
        samples, self.forecasts = free_endpoint(), free_endpoint()
        self.settings = settings(
            [{"type": "pull", "bind": [samples]}],
            [{"type": "xpub", "bind": [self.forecasts], "high_water_mark": 1000}],
            stream={"step": "5m", "window": "7d", "horizon": 12, "retrain": {"every": "2d"}},
            model={"hidden": 4, "lookback": 12, "steps": {"first": 40, "refit": 10}},
            http={"listen": self.http, "forecasts": "s1"},
            state={"path": str(self.state), "checkpoint": "5s", "journal": "500ms"})
        self.daemon = Daemon(directory / "daemon", self.settings)
        self.client = Client(zmq.PUSH, connect=samples, high_water_mark=100)
        self.random = random.Random(1)
        self.memory, self.disk = [], []

    def feed(self, first, end):
        """Simulated steps; waits until they have been forecast, and learned from: trainers are not to fall behind."""
        for step in range(first, end):
            self.client.send_raw(msgpack.packb([
                {"name": f"s{i}", "time": EPOCH + step * STEP_S, "value": value(self.random, i, step)}
                for i in range(STREAMS)]))
        until = time.monotonic() + LIMIT_S
        while (metric(self.http, ACCEPTED) < end * STREAMS or metric(self.http, WAITING)):
            assert time.monotonic() < until, "the daemon does not keep up"
            time.sleep(0.05)

    def disturb(self, day):
        subscriber = Client(zmq.SUB, connect=self.forecasts).subscribe()
        subscriber.receive(1)
        subscriber.close()
        if day % 7 == 6:
            other = copy.deepcopy(self.settings)
            other["streams"][0]["intervals"] = [0.8, 0.95] if day // 7 % 2 else [0.5, 0.9]
            self.daemon.file.write_text(json.dumps(other))
            self.daemon.process.send_signal(signal.SIGHUP)

    def run(self):
        begin = time.monotonic()
        for day in range(7 * WEEKS):
            if day >= 7 * (WARM + 1) and time.monotonic() - begin > SECONDS:
                break
            for quarter in range(4):
                self.feed(day * DAY + quarter * DAY // 4, day * DAY + (quarter + 1) * DAY // 4)
            self.disturb(day)
            self.memory.append(resident(self.daemon.process))
            self.disk.append(files(self.state))
            if day % 7 == 6:
                print(f"week {day // 7 + 1}: {self.memory[-1] / 2**20:.1f} MiB, of these "
                      f"{metric(self.http, 'streams_bytes') / 2**20:.1f} of streams; state {self.disk[-1] / 2**20:.1f} MiB; "
                      f"{metric(self.http, TRAININGS):.0f} trainings; "
                      f"{time.monotonic() - begin:.0f} s", flush=True)
        return self.daemon.stop()


def main():
    assert WEEKS >= WARM + 1, f"SOAK_WEEKS: at least {WARM + 1}"
    with tempfile.TemporaryDirectory() as directory:
        soak = Soak(pathlib.Path(directory))
        try:
            status = soak.run()
        except BaseException:
            print(soak.daemon.log()[-4000:], "exit status", soak.daemon.process.poll())
            soak.daemon.process.kill()
            soak.daemon.process.wait()
            raise
        bad = status != 0
        print(f"exit status {status}")
        for name, points in (("memory", soak.memory), ("state", soak.disk)):
            warm = points[WARM * 7:]
            rises = rise(warm)
            flat = rises <= RISE * sum(warm) / len(warm)
            bad = bad or not flat
            print(f"{name}: {rises / 2**20:+.2f} MiB over {len(warm) / 7:.0f} weeks of {sum(warm) / len(warm) / 2**20:.1f} "
                  f"MiB: {'flat' if flat else 'it grows'}")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
