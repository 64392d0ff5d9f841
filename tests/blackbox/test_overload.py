"""More work than the machine can do: trainings go first, then forecasts; samples stay, memory and latency
are bounded, and afterwards all is as before."""

import re
import threading
import time
import urllib.request

import zmq

from rollcast import EPOCH, WAIT_S, free_endpoint, settings

STREAMS = 300
SHOWN = [f"s{i}" for i in range(10)]  # Python could not read the forecasts of all
OVERLOAD_S = 6
LATE_S = 5  # what is served is never older; the daemon aims at much less
GROWTH_BYTES = 256 << 20  # trainers take what they need, once


def start(world, kind, **limits):
    samples, forecasts, http = free_endpoint(), free_endpoint(), free_endpoint()
    daemon = world.daemon(settings(
        [{"type": kind, "bind": [samples], "high_water_mark": 1000000}],
        [{"type": "push", "connect": [forecasts], "match": "s?"}],
        stream={"horizon": 64, "window": 200, "intervals": [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99]},
        model={"hidden": 32, "lookback": 48}, limits=limits,
        http={"listen": http.removeprefix("tcp://")}))
    reader = world.client(zmq.PULL, bind=forecasts)
    sender = world.client(zmq.PUB if kind == "sub" else zmq.PUSH, connect=samples)
    daemon.http = http.removeprefix("tcp://")
    return daemon, sender, reader


def forecasts_made(daemon):
    with urllib.request.urlopen(f"http://{daemon.http}/metrics", timeout=WAIT_S) as answer:
        return float(re.search(rb'forecasts_total{result="handed_on"} (\S+)', answer.read())[1])


def value(i):
    return float(i * i % 13)


class Reader:
    """Notes how old each forecast is when it comes."""

    def __init__(self, client):
        self.client = client
        self.sent = {}  # (stream, step) → when
        self.got = []  # (stream, step, age)
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.ending.is_set():
            if forecast := self.client.receive(0.05):
                key = forecast["name"], round(forecast["time"] - EPOCH)
                self.got.append((*key, time.monotonic() - self.sent[key]))

    def end(self):
        self.ending.set()
        self.thread.join()


class Sender:
    """Samples in turn, a step further each round."""

    def __init__(self, client, reader):
        self.client, self.reader = client, reader
        self.count = 0

    def send(self, count):
        batch = []
        for _ in range(count):
            stream, step = self.count % STREAMS, self.count // STREAMS
            batch.append({"name": f"s{stream}", "time": EPOCH + step, "value": value(step + stream)})
            self.reader.sent[f"s{stream}", step] = time.monotonic()
            self.count += 1
        self.client.send(batch)

    def send_for(self, seconds, rate):
        begin, first = time.monotonic(), self.count
        while (elapsed := time.monotonic() - begin) < seconds:
            due = int(elapsed * rate) - (self.count - first)
            if due > 0:
                self.send(min(due, 500))
            time.sleep(0.002)


def capacity(world):
    """Forecasts a second, when each step has one and senders wait."""
    daemon, client, _ = start(world, "pull", lag="never")
    begin = time.monotonic()
    for step in range(20):
        for stream in range(0, STREAMS, 100):
            client.send([{"name": f"s{i}", "time": EPOCH + step, "value": value(step + i)}
                         for i in range(stream, stream + 100)])
    while (count := forecasts_made(daemon)) < 19 * STREAMS:
        assert time.monotonic() < begin + 2 * WAIT_S
        time.sleep(0.01)
    rate = count / (time.monotonic() - begin)
    assert daemon.stop() == 0
    return rate


def resident(daemon):
    with open(f"/proc/{daemon.process.pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


def test_overload_costs_trainings_and_forecasts_but_no_samples_and_is_soon_over(world):
    rate = capacity(world)
    daemon, client, forecasts = start(world, "sub", lag="300ms")
    reader = Reader(forecasts)
    sender = Sender(client, reader)
    try:
        time.sleep(0.5)  # the subscription
        sender.send_for(2, rate / 4)
        sender.send_for(OVERLOAD_S / 2, 2.5 * rate)
        before = resident(daemon)  # streams are as large as they become
        sender.send_for(OVERLOAD_S / 2, 2.5 * rate)
        overloaded, grown = len(reader.got), resident(daemon) - before
        time.sleep(1)
        quiet = sender.count // STREAMS + 1
        sender.send_for(2, 5 * STREAMS)
        time.sleep(2)
    finally:
        reader.end()
    assert daemon.stop() == 0
    counters = daemon.counters()
    skipped = counters.get('forecasts_total{result="skipped"}', 0)
    ages = sorted(age for *_, age in reader.got)
    print(f"{rate:.0f} forecasts/s, {sender.count} samples, {skipped:.0f} forecasts skipped, {len(ages)} served, "
          f"median age {ages[len(ages) // 2]:.3f} s, oldest {ages[-1]:.3f} s, grown by {grown >> 20} MiB")
    # Samples stay, forecasts are fewer, and all of them are accounted for.
    assert counters['samples_total{result="accepted"}'] == sender.count
    assert skipped > 0.1 * sender.count
    assert counters["steps_total"] == skipped + counters['forecasts_total{result="handed_on"}'] + \
        counters.get('forecasts_total{result="dropped"}', 0)
    assert counters['trainings_total{result="put_off"}'] > 0
    # Everybody is served, with what is recent.
    assert {name for name, *_ in reader.got[:overloaded]} == set(SHOWN)
    assert ages[-1] < LATE_S
    assert grown < GROWTH_BYTES
    # And then each step has its forecast again.
    steps = {(name, step) for name, step, _ in reader.got}
    last = sender.count // STREAMS - 1
    missing = [(name, step) for step in range(quiet, last) for name in SHOWN if (name, step) not in steps]
    assert last > quiet and not missing


def test_a_stop_takes_seconds_whatever_horizons_and_networks(world):
    samples, forecasts = free_endpoint(), free_endpoint()
    daemon = world.daemon(settings(
        [{"type": "pull", "bind": [samples]}], [{"type": "push", "connect": [forecasts]}],
        stream={"horizon": 1024, "window": 2048, "intervals": [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99]},
        model={"hidden": 64, "lookback": 64, "steps": {"first": 100000, "refit": 100000}}, threads={"train": 2}))
    client = world.client(zmq.PUSH, connect=samples, high_water_mark=10)
    for step in range(0, 3000, 100):  # a hundred steps of 20 streams each: seconds of forecasts each
        for i in range(20):
            try:
                client.socket.setsockopt(zmq.SNDTIMEO, 1000)
                client.send_values(f"s{i}", [value(step + k) for k in range(100)], start=EPOCH + step)
            except zmq.Again:  # all that there is room for waits
                break
    begin = time.monotonic()
    assert daemon.stop() == 0
    counters = daemon.counters()
    skipped = counters.get('forecasts_total{result="skipped"}', 0)
    print(f"stopped after {time.monotonic() - begin:.1f} s, {counters['steps_total']:.0f} steps, {skipped:.0f} not forecast")
    assert counters['samples_total{result="accepted"}'] == counters["samples_decoded_total"]
