"""Other settings while the daemon runs: nothing is lost, wrong ones change nothing."""

import copy
import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest
import zmq

from rollcast import BUILD, EPOCH, ROLLCASTD, WAIT_S, Client, free_endpoint, settings

RELOADS = int(os.environ.get("RELOADS", "50"))


class Running:
    """A daemon whose settings change: a PULL input and a PUSH output, which lose nothing."""

    def __init__(self, world, **more):
        self.world = world
        self.samples, self.forecasts = free_endpoint(), free_endpoint()
        self.http = free_endpoint().removeprefix("tcp://")
        self.settings = settings([{"type": "pull", "bind": [self.samples]}],
                                 [{"type": "push", "connect": [self.forecasts]}],
                                 **{"http": {"listen": self.http}, **more})
        self.daemon = world.daemon(self.settings)
        self.client = world.client(zmq.PUSH, connect=self.samples)
        self.reader = world.client(zmq.PULL, bind=self.forecasts)

    def write(self, settings_):
        self.daemon.file.write_text(json.dumps(settings_, indent=1))

    def reload(self, settings_=None, status=0):
        """Returns what `rollcast reload` says."""
        if settings_ is not None:
            self.write(settings_)
        run = subprocess.run([BUILD / "rollcast", "reload", "--http", self.http], capture_output=True,
                             text=True, timeout=90)
        assert run.returncode == status, run.stdout + run.stderr + self.daemon.log()
        assert not (run.stderr if status == 0 else run.stdout)
        return run.stdout + run.stderr

    def ask(self, path, method="GET", **headers):
        request = urllib.request.Request(f"http://{self.http}{path}", method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metrics(self):
        lines = self.ask("/metrics")[1].splitlines()
        return {name: float(value) for name, value in
                (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}

    def stream(self, name):
        return json.loads(self.ask(f"/api/forecast?stream={name}&history=1000")[1])

    def changed(self):
        return copy.deepcopy(self.settings)


@pytest.fixture
def running(world):
    return Running(world)


def value(i):
    return float(i * i % 11)


def feed(client, name, first, count):
    client.send_values(name, [value(i) for i in range(first, first + count)], start=EPOCH + first)


def last(name, index):
    return lambda forecast: forecast["name"] == name and forecast["time"] == EPOCH + index


def assert_whole(forecasts, names, end):
    """Sequences without a gap, and a forecast from every step of every stream."""
    assert [f.sequence for f in forecasts] == list(range(forecasts[0].sequence, forecasts[-1].sequence + 1))
    for name in names:
        assert [f["time"] - EPOCH for f in forecasts if f["name"] == name] == list(range(end)), name


def receive_to(reader, names, end, forecasts=()):
    """All forecasts, after those that have come, up to the last step of every stream."""
    forecasts = list(forecasts)
    newest = {f["name"]: f["time"] for f in forecasts}
    while any(newest.get(name) != EPOCH + end - 1 for name in names):
        forecast = reader.receive()
        assert forecast, f"only {len(forecasts)} forecasts"
        forecasts.append(forecast)
        newest[forecast["name"]] = forecast["time"]
    return forecasts


class Load:
    """A sample of every stream every few milliseconds, until told to end."""

    def __init__(self, client, names):
        self.client, self.names = client, names
        self.sent = 0
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.ending.wait(0.005):
            for name in self.names:
                self.client.send({"name": name, "time": EPOCH + self.sent, "value": value(self.sent)})
            self.sent += 1

    def end(self):
        self.ending.set()
        self.thread.join()
        return self.sent


# ---- right ones ----

def test_an_input_and_an_output_come_and_go_under_load_and_the_others_lose_nothing(world, running):
    names = [f"s{i}" for i in range(10)]
    load = Load(running.client, names)
    time.sleep(0.3)
    more = running.changed()
    samples, forecasts = free_endpoint(), free_endpoint()
    more["inputs"].insert(0, {"name": "more", "type": "pull", "bind": [samples]})
    more["outputs"].insert(0, {"name": "more", "type": "push", "connect": [forecasts], "match": "late*",
                               "prefix": "new/"})
    reader = world.client(zmq.PULL, bind=forecasts)
    assert "reload: done" in running.reload(more)
    client = world.client(zmq.PUSH, connect=samples)
    feed(client, "late", 0, 20)
    got = reader.receive_until(last("late", 19))
    assert [f.sequence for f in got] == list(range(1, 21)) and got[0].topic == "new/late"
    time.sleep(0.2)
    running.reload(running.settings)
    time.sleep(0.2)
    sent = load.end()
    assert_whole(receive_to(running.reader, names, sent), names, sent)
    assert running.daemon.stop() == 0
    counters = running.daemon.counters()
    assert counters['samples_total{result="accepted"}'] == sent * len(names) + 20
    assert counters['reloads_total{result="done"}'] == 2


def test_another_network_keeps_window_and_calibration_and_is_trained_anew(running):
    feed(running.client, "a", 0, 150)
    running.reader.receive_until(last("a", 149))
    wait_for(lambda: running.metrics()['rollcast_trainings_total{result="adopted"}'] > 0)
    before = running.stream("a")
    trainings = running.metrics()['rollcast_trainings_total{result="adopted"}']
    other = running.changed()
    other["models"]["default"]["hidden"] = 7
    answer = running.reload(other)
    assert "1 streams have other settings, 1 of them learn something anew" in answer
    feed(running.client, "a", 150, 1)
    (forecast,) = running.reader.receive_until(last("a", 150))
    after = running.stream("a")
    assert forecast["samples"] == 151
    assert after["history"]["values"][:-1] == before["history"]["values"]
    assert forecast["skill"] is not None and forecast["coverage"]
    assert not set(forecast["weights"]) & {"lstm", "lstm_seasonal"}, "its old network is no more"
    wait_for(lambda: running.metrics()['rollcast_trainings_total{result="adopted"}'] > trainings)


def test_equal_settings_change_no_forecast(world):
    """Two daemons that train in order, one of them reloaded again and again: the same to the last bit."""
    runs = []
    for reloads in (False, True):
        running = Running(world, threads={"shards": 1, "train": 0})
        got = []
        for i in range(0, 160, 10):
            feed(running.client, "a", i, 10)
            got += running.reader.receive_until(last("a", i + 9))
            if reloads and i % 40 == 0:
                running.reload()
        runs.append([dict(f) for f in got])
    assert runs[0] == runs[1]


def test_streams_are_let_go_and_strangers_found(running):
    first = running.changed()
    first["streams"] = [{"match": "a*", "step": "1s", "horizon": 4, "window": 200}]
    running.reload(first)
    for name in ("a", "b"):
        feed(running.client, name, 0, 30)
    running.reader.receive_until(last("a", 29))
    second = running.changed()
    second["streams"] = [{"match": "b*", "step": "1s", "horizon": 9, "window": 200}]
    assert "1 are let go" in running.reload(second)
    for name in ("a", "b"):
        feed(running.client, name, 30, 10)
    got = running.reader.receive_until(last("b", 39))
    assert {f["name"] for f in got} == {"b"} and len(got[-1]["mean"]) == 9
    metrics = running.metrics()
    assert metrics["rollcast_streams"] == 1
    assert metrics['rollcast_streams_forgotten_total{reason="rule"}'] == 1


def test_a_horizon_that_needs_larger_blocks(running):
    feed(running.client, "a", 0, 40)
    running.reader.receive_until(last("a", 39))
    other = running.changed()
    other["streams"][0].update(horizon=1024, window=2000, intervals=[0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99])
    running.reload(other)
    feed(running.client, "a", 40, 1)
    (forecast,) = running.reader.receive_until(last("a", 40))
    assert len(forecast["mean"]) == 1024 and forecast["samples"] == 41


def test_formats_prefixes_selectors_and_topics_change_in_place(world):
    samples, forecasts, http = free_endpoint(), free_endpoint(), free_endpoint()
    running = Running.__new__(Running)
    running.http = http.removeprefix("tcp://")
    running.settings = settings([{"type": "sub", "bind": [samples], "topics": ["x", "y"]}],
                                [{"type": "xpub", "bind": [forecasts]}], http={"listen": running.http})
    running.daemon = world.daemon(running.settings)
    client = world.client(zmq.PUB, connect=samples)
    reader = world.client(zmq.SUB, connect=forecasts).subscribe()
    wait_for(lambda: running.metrics()['rollcast_output_subscriptions{output="out0"}'] == 1)

    def send(topic, name, i):
        client.send_raw(topic, json.dumps({"name": name, "time": EPOCH + i, "value": value(i)}).encode())

    other = running.changed()
    other["inputs"][0].update(topics=["y", "z"], format="json")
    other["outputs"][0].update(prefix="p/", match="y*")
    running.reload(other)
    wait_for_topic(client, send, running)
    for i in range(20):
        for topic in ("x", "y", "z"):
            send(topic.encode(), topic, i)
    got = reader.receive_until(last("y", 19))
    assert {f.topic for f in got} == {"p/y"}
    metrics = running.metrics()
    assert metrics['rollcast_output_subscriptions{output="out0"}'] == 1, "its subscriber never left"
    assert metrics["rollcast_streams"] == 3  # y, z and the probe


def wait_for_topic(client, send, running):
    """A subscription takes a moment to reach a publisher."""
    end = time.monotonic() + WAIT_S
    i = 0
    while running.metrics().get("rollcast_streams", 0) < 1:
        assert time.monotonic() < end
        send(b"z", "probe", i)
        i += 1
        time.sleep(0.02)


def test_an_address_moves_from_one_input_to_another(running):
    feed(running.client, "a", 0, 10)
    running.reader.receive_until(last("a", 9))
    other = running.changed()
    other["inputs"][0]["name"] = "renamed"
    running.reload(other)
    feed(running.client, "a", 10, 10)
    running.reader.receive_until(last("a", 19))
    metrics = running.metrics()
    assert metrics['rollcast_samples_decoded_total{input="renamed"}'] == 10
    assert 'rollcast_samples_decoded_total{input="in0"}' not in metrics


def test_alerts_that_stand_keep_standing_by_name_and_end_with_their_threshold(world):
    thresholds = [{"name": "high", "match": "*", "above": "50"}]
    running = Running(world, thresholds=thresholds)
    alerts = free_endpoint()
    more = running.changed()
    more["outputs"].append({"name": "alerts", "type": "push", "connect": [alerts], "content": "alerts"})
    reader = world.client(zmq.PULL, bind=alerts)
    running.reload(more)
    running.client.send_values("a", [100.0] * 30)
    running.reader.receive_until(last("a", 29))
    raised = reader.receive()
    assert (raised["threshold"], raised["state"]) == ("high", "raised"), raised
    more["thresholds"].insert(0, {"name": "low", "match": "*", "below": "-1e9"})
    running.reload(more)
    running.client.send_values("a", [100.0] * 5, start=EPOCH + 30)
    running.reader.receive_until(last("a", 34))
    assert reader.receive(0.3) is None, "nothing has changed"
    more["thresholds"] = []
    running.reload(more)
    cleared = reader.receive()
    assert (cleared["threshold"], cleared["state"]) == ("high", "cleared"), cleared


def test_what_needs_a_restart_is_named_and_the_rest_applies(running):
    other = running.changed()
    other["threads"] = {"shards": 7, "train": 3}
    other["http"]["listen"] = "127.0.0.1:1"
    other["state"]["size"] = "1GiB"
    other["streams"][0]["horizon"] = 6
    answer = running.reload(other)
    for key in ("threads.shards", "threads.train", "http.listen", "state.size"):
        assert f"{key}: needs a restart" in answer
    feed(running.client, "a", 0, 10)
    assert len(running.reader.receive_until(last("a", 9))[-1]["mean"]) == 6


def test_a_restart_finds_what_a_reload_has_changed(world, tmp_path):
    state = {"path": str(tmp_path / "state"), "checkpoint": "60s", "journal": "100ms"}
    running = Running(world, state=state, threads={"shards": 1, "train": 0})
    feed(running.client, "a", 0, 100)
    running.reader.receive_until(last("a", 99))
    other = running.changed()
    other["models"]["default"]["hidden"] = 6
    other["state"]["checkpoint"] = "100ms"
    running.reload(other)
    feed(running.client, "a", 100, 60)
    running.reader.receive_until(last("a", 159))
    assert running.daemon.stop() == 0
    again = world.daemon(other)
    assert "1 streams restored" in again.log() and ", 0 of them in part" in again.log()
    feed(running.client, "a", 160, 1)
    (forecast,) = running.reader.receive_until(last("a", 160))
    assert forecast["samples"] == 161


def test_a_group_goes_on_under_equal_settings_and_learns_anew_under_others(world):
    running = Running(world, stream={"window": 300, "retrain": {"every": 40}}, threads={"shards": 2, "train": 1},
                      model={"scope": "group", "hidden": 4, "lookback": 12, "batch": 16})
    names = [f"g{i}" for i in range(12)]
    steps = 0

    def go_on(count):
        nonlocal steps
        got = []
        for name in names:
            feed(running.client, name, steps, count)
        steps += count
        while {f["name"] for f in got if f["time"] == EPOCH + steps - 1} != set(names):
            assert (forecast := running.reader.receive())
            got.append(forecast)
        return got

    def trained():
        return running.metrics()['rollcast_group_trainings_total{result="adopted"}']

    end = time.monotonic() + WAIT_S
    while not trained():
        assert time.monotonic() < end
        go_on(20)
        time.sleep(0.1)
    wait_for(lambda: any(f["trained"] for f in go_on(1)))
    more = running.changed()
    more["outputs"].append({"name": "more", "type": "pub", "bind": [free_endpoint()]})
    more["streams"][0]["retrain"]["every"] = 100000  # nothing is learned from here on
    running.reload(more)
    assert all(f["trained"] for f in go_on(1)[-3:]), "what the group has learned is still there"
    more["models"]["default"]["hidden"] = 6
    more["streams"][0]["retrain"]["every"] = 40
    before = trained()
    running.reload(more)
    end = time.monotonic() + WAIT_S
    while trained() == before:
        assert time.monotonic() < end
        go_on(20)
        time.sleep(0.1)


# ---- wrong ones ----

def test_wrong_settings_change_nothing_and_every_problem_is_told(running):
    feed(running.client, "a", 0, 10)
    got = running.reader.receive_until(last("a", 9))
    wrong = running.changed()
    wrong["limits"] = {"streams": 0, "stream": 4}
    wrong["inputs"][0]["type"] = "pul"
    wrong["streams"][0]["horizon"] = 7
    said = running.reload(wrong, status=78)
    status, answer = running.ask("/-/reload", "POST")
    assert status == 400 and answer == said
    problems = ["limits.streams: 0 is below the minimum", 'limits.stream: unknown key; did you mean "streams"?',
                'inputs[0].type']
    for problem in problems:
        assert problem in said and problem in running.daemon.log()
    assert f"{running.daemon.file}:" in said and "3 problems in the settings; nothing has changed" in said
    feed(running.client, "a", 10, 10)
    got += running.reader.receive_until(last("a", 19))
    assert_whole(got, ["a"], 20)
    assert len(got[-1]["mean"]) == 4
    assert running.metrics()['rollcast_reloads_total{result="refused"}'] == 2
    running.daemon.file.unlink()
    assert "rollcast.yaml" in running.reload(status=78)
    running.reload(running.settings)


def test_an_address_in_use_changes_nothing(world, running):
    feed(running.client, "a", 0, 10)
    got = running.reader.receive_until(last("a", 9))
    taken = free_endpoint()
    world.client(zmq.PULL, bind=taken)
    for more in ({"inputs": {"name": "more", "type": "pull", "bind": [free_endpoint(), taken]}},
                 {"outputs": {"name": "more", "type": "pub", "bind": [taken]},
                  "inputs": {"name": "also", "type": "pull", "bind": [free_endpoint()]}}):
        other = running.changed()
        for section, item in more.items():
            other[section].append(item)
        other["streams"][0]["horizon"] = 7
        assert f"cannot bind {taken}: Address already in use" in running.reload(other, status=1)
    feed(running.client, "a", 10, 10)
    got += running.reader.receive_until(last("a", 19))
    assert_whole(got, ["a"], 20)
    assert len(got[-1]["mean"]) == 4
    assert not any("more" in name or "also" in name for name in running.metrics())


def reload_by(file):
    return subprocess.run([BUILD / "rollcast", "reload", "--config", file], capture_output=True, text=True,
                          timeout=90)


def test_whom_to_ask_is_found_in_the_settings(world, tmp_path):
    token = tmp_path / "token"
    token.write_text("open sesame\n")
    token.chmod(0o600)
    http = free_endpoint().removeprefix("tcp://")
    running = Running(world, http={"listen": http, "token_file": str(token)})
    running.http = http
    assert reload_by(running.daemon.file).returncode == 0
    assert running.metrics()['rollcast_reloads_total{result="done"}'] == 1
    changed = running.changed()
    changed["http"] = {"listen": "none"}
    running.write(changed)
    run = reload_by(running.daemon.file)
    assert run.returncode == 1 and "http.listen is none" in run.stderr
    changed["http"] = {"lisen": http}
    running.write(changed)
    run = reload_by(running.daemon.file)
    assert run.returncode == 78 and 'did you mean "listen"?' in run.stderr
    assert running.metrics()['rollcast_reloads_total{result="done"}'] == 1


def test_who_asks_is_told_if_nobody_is_there():
    run = subprocess.run([BUILD / "rollcast", "reload", "--http", free_endpoint().removeprefix("tcp://")],
                         capture_output=True, text=True, timeout=30)
    assert run.returncode == 1 and "Connection refused" in run.stderr


# ---- under load, and who supervises ----

def test_many_reloads_under_load_lose_nothing(running):
    names = [f"s{i}" for i in range(12)]
    variants = [running.changed() for _ in range(4)]
    variants[1]["models"]["default"]["hidden"] = 5
    variants[2]["streams"][0]["intervals"] = [0.5, 0.9]
    variants[2]["outputs"].append({"name": "more", "type": "pub", "bind": [free_endpoint()]})
    variants[3]["inputs"].append({"name": "more", "type": "pull", "bind": [free_endpoint()]})
    variants[3]["streams"].insert(0, {**variants[3]["streams"][0], "match": "s1*", "retrain": {"every": 40}})
    load = Load(running.client, names)
    reading = []
    for i in range(RELOADS):
        running.reload(variants[i % 4])
        while running.reader.socket.poll(0):
            reading.append(running.reader.receive())
    sent = load.end()
    reading = receive_to(running.reader, names, sent, reading)
    assert_whole(reading, names, sent)
    # A step closes with its own sample once the stream is seen to be regular, before that with the next.
    assert {f["samples"] - (f["time"] - EPOCH) for f in reading} <= {1, 2}
    metrics = running.metrics()
    assert metrics['rollcast_reloads_total{result="done"}'] == RELOADS
    assert metrics['rollcast_samples_total{result="accepted"}'] == sent * len(names)
    assert metrics['rollcast_trainings_total{result="diverged"}'] == 0


def test_a_signal_reloads_too_and_a_stop_in_the_midst_is_no_trouble(running):
    for i in range(200):
        feed(running.client, f"s{i}", 0, 40)
    running.reader.receive_until(last("s199", 39))
    other = running.changed()
    other["models"]["default"]["lookback"] = 20
    running.write(other)
    running.daemon.process.send_signal(signal.SIGHUP)
    running.daemon.wait_for_log("reload: done; 200 streams have other settings")
    running.write(running.settings)
    for _ in range(3):
        running.daemon.process.send_signal(signal.SIGHUP)
    assert running.daemon.stop() == 0


def test_systemd_is_told(tmp_path):
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(str(tmp_path / "notify"))
    notify.settimeout(WAIT_S)
    file = tmp_path / "rollcast.yaml"
    file.write_text(json.dumps(settings([{"type": "pull", "bind": [free_endpoint()]}],
                                        [{"type": "pub", "bind": [free_endpoint()]}])))
    with subprocess.Popen([ROLLCASTD, "--config", file], stderr=subprocess.DEVNULL, cwd=tmp_path,
                          env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")}) as process:
        try:
            while b"READY=1" not in notify.recv(4096):
                pass
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            process.send_signal(signal.SIGHUP)
            while b"RELOADING=1" not in (message := notify.recv(4096)):
                pass
            fields = dict(line.split("=", 1) for line in message.decode().splitlines())
            now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            assert before <= int(fields["MONOTONIC_USEC"]) <= now
            while b"READY=1" not in notify.recv(4096):
                pass
        finally:
            process.terminate()
            assert process.wait(WAIT_S) == 0


def wait_for(done, limit_s=WAIT_S):
    end = time.monotonic() + limit_s
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)
