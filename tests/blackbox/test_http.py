"""What the daemon tells over HTTP: health, metrics, JSON. All by a plain client, over a socket."""

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
import zmq

from rollcast import EPOCH, ROOT, WAIT_S, free_endpoint, run_rollcastd, settings

DOCS = ROOT / "docs"
STEP = 10  # seconds: silence closes no step while a test runs; a regular stream's close at once


class Server:
    """A daemon that serves HTTP, and what is sent to it and comes back."""

    def __init__(self, world, thresholds=(), **http):
        self.address = free_endpoint().removeprefix("tcp://")
        self.daemon, self.samples, self.forecasts = world.push_pull(
            http={"listen": self.address, **http}, stream={"step": f"{STEP}s"}, thresholds=list(thresholds))

    def ask(self, path, method="GET", **query):
        """Status, headers and body."""
        if query:
            path += "?" + urllib.parse.urlencode(query)
        request = urllib.request.Request(f"http://{self.address}{path}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def json(self, path, **query):
        status, headers, body = self.ask(path, **query)
        assert headers["Content-Type"] == "application/json"
        return status, json.loads(body)

    def metrics(self):
        """Value by name and labels, and the families with help and type."""
        status, _, body = self.ask("/metrics")
        assert status == 200
        return parse_metrics(body.decode())

    def send(self, name, values, **more):
        """Sends a value a step, four at least, and waits for the forecast of the last one."""
        self.samples.send_values(name, values, step=STEP, **more)
        last = EPOCH + STEP * (len(values) - 1)
        self.forecasts.receive_until(lambda f: f["name"] == name and f["time"] == last)


@pytest.fixture
def server(world):
    return Server(world)


def parse_metrics(text):
    values, families = {}, {}
    for line in text.splitlines():
        if line.startswith("# HELP "):
            _, _, family, help_ = line.split(" ", 3)
            families[family] = [help_, None]
        elif line.startswith("# TYPE "):
            _, _, family, type_ = line.split(" ")
            assert families[family][1] is None
            families[family][1] = type_
        else:
            series, value = line.rsplit(" ", 1)
            assert series not in values, "a series comes twice"
            values[series] = float(value)
    return values, families


# ---- health ----

def test_a_running_daemon_is_healthy_and_ready(server):
    for path, said in (("/-/healthy", b"healthy\n"), ("/-/ready", b"ready\n")):
        status, _, body = server.ask(path)
        assert (status, body) == (200, said)
    status, said = server.json("/api/status")
    assert status == 200 and said["ready"] and said["healthy"]
    assert abs(said["time"] - time.time()) < 60 and said["started"] <= said["time"]


def test_a_port_in_use_is_named_and_ends_the_start(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        file = tmp_path / "rollcast.yaml"
        file.write_text(json.dumps(settings([{"type": "pull", "bind": [free_endpoint()]}],
                                            [{"bind": [free_endpoint()]}], http={"listen": address})))
        done = run_rollcastd("--config", file)
    assert done.returncode == 1
    assert f"http: cannot listen on {address}: Address already in use" in done.stderr


def test_it_listens_on_ipv6_too(world):
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
        address = f"[::1]:{probe.getsockname()[1]}"
    server = Server(world, listen=address)
    server.address = address
    assert server.ask("/-/ready")[0] == 200


# ---- what it refuses, and what it lets nobody do ----

def test_only_get_and_head_are_answered(server):
    status, headers, _ = server.ask("/metrics", method="POST")
    assert (status, headers["Allow"]) == (405, "GET, HEAD")
    status, headers, body = server.ask("/metrics", method="HEAD")
    assert status == 200 and body == b"" and int(headers["Content-Length"]) > 1000
    assert server.ask("/no/such/page")[0] == 404
    assert server.ask("/../etc/passwd")[0] == 404


@pytest.mark.parametrize("path", ["/", "/metrics", "/api/status", "/no/such/page"])
def test_every_answer_forbids_frames_sniffing_and_foreign_scripts(server, path):
    _, headers, _ = server.ask(path)
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"


def test_clients_that_say_nothing_or_too_much_disturb_nobody(server):
    host, port = server.address.split(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(30)]
    with socket.create_connection((host, int(port))) as loud:
        loud.settimeout(WAIT_S)
        loud.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        answer = b""
        try:
            for i in range(3000):
                loud.sendall(b"X-%d: %s\r\n" % (i, b"y" * 64))
            answer = loud.recv(100)
        except OSError:
            pass  # it hung up
        assert not answer.startswith(b"HTTP/1.1 200")
    assert server.ask("/-/healthy")[0] == 200
    for client in silent:
        client.close()


# ---- metrics ----

def test_samples_are_counted_by_input_and_by_what_became_of_them(server):
    server.send("a", [float(i) for i in range(20)])
    server.samples.send_raw(b"garbage")
    server.samples.send({"name": "a", "time": EPOCH, "value": 1.0})
    wanted = {
        'rollcast_samples_decoded_total{input="in0"}': 21,
        'rollcast_refusals_total{input="in0",reason="shape"}': 1,
        'rollcast_samples_total{result="accepted"}': 20,
        'rollcast_samples_total{result="late"}': 1,
        "rollcast_streams": 1,
        "rollcast_steps_total": 20,
        'rollcast_forecasts_total{result="handed_on"}': 20,
        'rollcast_messages_sent_total{output="out0"}': 20,
        "rollcast_forecast_latency_seconds_count": 20,
        'rollcast_forecast_latency_seconds_bucket{le="+Inf"}': 20,
    }
    end = time.monotonic() + WAIT_S
    while True:
        values, _ = server.metrics()
        found = {key: values.get(key) for key in wanted}
        if found == wanted or time.monotonic() > end:
            break
        time.sleep(0.05)
    assert found == wanted
    buckets = [value for key, value in values.items() if key.startswith("rollcast_forecast_latency_seconds_bucket")]
    assert buckets == sorted(buckets)
    assert 0 < values["rollcast_forecast_latency_seconds_sum"] < 20 * WAIT_S


def test_subscriptions_are_seen_per_output(world):
    ours, theirs, address = free_endpoint(), free_endpoint(), free_endpoint().removeprefix("tcp://")
    world.daemon(settings([{"type": "pull", "bind": [ours]}], [{"bind": [theirs]}], http={"listen": address}))
    server = Server.__new__(Server)
    server.address = address
    world.client(zmq.SUB, connect=theirs).subscribe(b"a").subscribe(b"b")
    end = time.monotonic() + WAIT_S
    while server.metrics()[0]['rollcast_output_subscriptions{output="out0"}'] != 2:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_forecasts_are_metrics_for_the_streams_selected(world):
    server = Server(world, forecasts='a*{horizon="x"}')
    server.send("b", [float(i) for i in range(20)])
    server.samples.send_values("a.b", [float(i % 5) for i in range(20)], step=STEP,
                               tags={"horizon": "x", "qü": '"\\'})
    server.forecasts.receive_until(lambda f: f["name"] == "a.b" and f["time"] == EPOCH + 19 * STEP)
    values, families = server.metrics()
    labels = 'stream="a.b",exported_horizon="x",q__="\\"\\\\"'  # ü has two bytes
    assert values[f"rollcast_stream_value{{{labels}}}"] == 19 % 5
    assert values[f"rollcast_stream_origin_timestamp_seconds{{{labels}}}"] == EPOCH + 19 * STEP
    for horizon in ("10", "20", "30", "40"):
        row = [values[f'rollcast_forecast{{{labels},horizon="{horizon}",quantile="{quantile}"}}']
               for quantile in ("0.025", "0.1", "0.5", "0.9", "0.975")]
        assert row == sorted(row)
    assert f'rollcast_stream_coverage_ratio{{{labels},interval="0.95"}}' in values
    for third in "123":
        assert 0 <= values[f'rollcast_stream_third_coverage_ratio{{{labels},interval="0.95",third="{third}"}}'] <= 1
    assert values[f"rollcast_stream_drifts_total{{{labels}}}"] == 0
    assert not any('stream="b"' in series for series in values)
    assert families["rollcast_forecast"][1] == "summary"


def promtool():
    found = shutil.which("promtool")
    return found or pytest.skip("promtool (Debian's prometheus) is not installed")


def test_promtool_has_nothing_to_complain_of(world):
    tool = promtool()
    server = Server(world, forecasts="*")
    server.send("a", [float(i % 5) for i in range(60)], tags={"host": "x"})
    checked = subprocess.run([tool, "check", "metrics"], input=server.ask("/metrics")[2],
                             capture_output=True, timeout=60)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


# ---- metrics in the docs ----

def described():
    """Family → (type, help), from the tables of docs/metrics.md."""
    rows = re.findall(r"^\| `(rollcast_\w+)` \| (\w+) \| [^|]*\| (.*) \|$", (DOCS / "metrics.md").read_text(), re.M)
    assert len(rows) == len(dict((row[0], row) for row in rows)), "a metric is described twice"
    return {family: (help_, type_) for family, type_, help_ in rows}


def test_the_docs_describe_exactly_the_metrics_there_are(world):
    server = Server(world, forecasts="*")
    server.send("a", [float(i % 5) for i in range(60)])
    _, families = server.metrics()
    assert described() == {family: tuple(row) for family, row in families.items()}


def test_the_labels_in_the_docs_are_those_of_the_metrics(world):
    server = Server(world, forecasts="*")
    server.send("a", [float(i % 5) for i in range(60)])
    values, families = server.metrics()
    for family, labels in re.findall(r"^\| `(rollcast_\w+)` \| \w+ \| ([^|]*)\|",
                                     (DOCS / "metrics.md").read_text(), re.M):
        series = next(s for s in values if re.match(rf"{family}(_bucket)?({{|$)", s))
        found = re.findall(r'(\w+)="', series)
        assert sorted(found) == sorted(re.findall(r"`(\w+)`", labels)), series


@pytest.mark.parametrize("file", ["prometheus-rules.yml", "grafana.json"])
def test_rules_and_dashboard_use_metrics_that_exist(file):
    known = set(described())
    known |= {family + ending for family, (_, type_) in described().items() if type_ == "histogram"
              for ending in ("_bucket", "_sum", "_count")}
    used = set(re.findall(r"\brollcast_\w+", (DOCS / file).read_text()))
    assert used and used <= known


def test_the_dashboard_is_json_with_queries():
    board = json.loads((DOCS / "grafana.json").read_text())
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    assert panels and all(target["expr"] for panel in panels for target in panel["targets"])


def test_promtool_takes_the_rules():
    tool = promtool()
    for command in (["check", "rules", DOCS / "prometheus-rules.yml"],
                    ["test", "rules", ROOT / "tests/blackbox/prometheus_rules_test.yml"]):
        done = subprocess.run([tool, *map(str, command)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


# ---- streams ----

def test_streams_are_listed_sorted_and_paged(server):
    for name in ("c", "a", "b"):
        server.send(name, [float(i % 7) for i in range(40)])
    status, found = server.json("/api/streams")
    assert status == 200 and found["matched"] == 3
    assert [item["stream"] for item in found["streams"]] == ["a", "b", "c"]
    assert [i["stream"] for i in server.json("/api/streams", limit=1, offset=1)[1]["streams"]] == ["b"]
    assert server.json("/api/streams", offset=5)[1]["streams"] == []
    assert [i["stream"] for i in server.json("/api/streams", search="B")[1]["streams"]] == ["b"]
    found = server.json("/api/streams", match="[bc]")[1]
    assert found["matched"] == 2 and [i["stream"] for i in found["streams"]] == ["b", "c"]


def test_streams_are_sorted_by_what_was_measured(server):
    for name, count in (("few", 10), ("some", 30), ("many", 60)):
        server.send(name, [float(i % 7) for i in range(count)])
    order = [i["stream"] for i in server.json("/api/streams", sort="samples")[1]["streams"]]
    assert order == ["many", "some", "few"]
    order = [i["stream"] for i in server.json("/api/streams", sort="-samples", limit=2)[1]["streams"]]
    assert order == ["few", "some"]
    skills = [i["skill"] for i in server.json("/api/streams", sort="skill")[1]["streams"]]
    known = [skill for skill in skills if skill is not None]
    assert known == sorted(known, reverse=True) and skills[:len(known)] == known


def test_a_stream_in_the_list_says_what_its_forecast_says(server):
    server.send("s", [float(i % 7) for i in range(60)], tags={"host": "x"})
    item = server.json("/api/streams")[1]["streams"][0]
    forecast = server.json("/api/forecast", stream='s{host="x"}')[1]["forecast"]
    assert item["stream"] == 's{host="x"}'
    assert item["horizon"] == len(forecast["mean"]) == 4 and item["level"] == 0.95
    assert item["mean"] == pytest.approx(forecast["mean"][-1])
    assert item["interval"] == pytest.approx([forecast["quantiles"]["0.025"][-1], forecast["quantiles"]["0.975"][-1]])
    for key in ("last", "time", "step", "expert", "samples", "trained"):
        assert item[key] == forecast[key]
    assert item["skill"] == pytest.approx(forecast["skill"])
    assert item["weights"] == pytest.approx(forecast["weights"])
    assert 0 <= item["age"] < WAIT_S


def test_a_forecast_comes_with_the_values_before_it(server):
    server.send("s", [float(i) for i in range(50)])
    status, found = server.json("/api/forecast", stream="s", history=10)
    assert status == 200
    assert found["history"] == {"values": [float(i) for i in range(40, 50)], "until": EPOCH + 49 * STEP}
    assert found["forecast"]["time"] == EPOCH + 49 * STEP
    assert len(server.json("/api/forecast", stream="s")[1]["history"]["values"]) == 50
    assert server.json("/api/forecast", stream="s", history=0)[1]["history"]["values"] == []


def test_a_hole_in_the_past_is_null(server):
    times = [EPOCH + STEP * i for i in [*range(10), *range(40, 50)]]
    server.samples.send({"name": "s", "times": times, "values": [1.0] * 20})
    server.forecasts.receive_until(lambda f: f["time"] == EPOCH + 49 * STEP)
    values = server.json("/api/forecast", stream="s", history=30)[1]["history"]["values"]
    assert len(values) == 30 and values[-10:] == [1.0] * 10 and None in values


def test_trainings_are_told(server):
    server.send("s", [float(i % 7) for i in range(150)])
    end = time.monotonic() + WAIT_S
    while not (found := server.json("/api/trainings")[1]["trainings"]):
        assert time.monotonic() < end, "no training"
        time.sleep(0.1)
    training = found[-1]
    assert training["stream"] == "s" and training["result"] == "adopted"
    assert training["steps"] % 60 == 0 and training["seconds"] > 0
    assert abs(training["time"] - time.time()) < 60


@pytest.mark.parametrize("path, query, status, said", [
    ("/api/streams", {"limit": "1001"}, 400, "limit"),
    ("/api/streams", {"limit": "x"}, 400, "limit"),
    ("/api/streams", {"limit": "-1"}, 400, "limit"),
    ("/api/streams", {"offset": "9901"}, 400, "offset"),
    ("/api/streams", {"sort": "colour"}, 400, "sort"),
    ("/api/streams", {"match": "a{"}, 400, "no selector"),
    ("/api/forecast", {}, 400, "stream="),
    ("/api/forecast", {"stream": "s", "history": "10001"}, 400, "history"),
    ("/api/forecast", {"stream": "s"}, 404, "no forecast"),
    ("/api/forecast", {"stream": "\x01" * 2000}, 404, "no forecast"),
])
def test_wrong_questions_are_told_so(server, path, query, status, said):
    found, body = server.json(path, **query)
    assert found == status and said in body["error"]


def test_it_answers_under_load_and_stops_while_asked(server):
    """Questions do not wait behind samples: each is answered while a long queue is worked off."""
    for i in range(300):
        server.samples.send_values(f"s{i % 50}", [float(j % 9) for j in range(100)],
                                   start=EPOCH + i // 50 * 100 * STEP, step=STEP)
    for _ in range(20):
        begin = time.monotonic()
        assert server.json("/api/streams", sort="skill")[0] == 200
        assert time.monotonic() - begin < 2
