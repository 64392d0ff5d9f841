"""Labels changed on the way in; samples from the agents people have, where they are installed: docs/feeding.md."""

import json
import pathlib
import shutil
import socket
import subprocess
import time

import msgpack
import pytest
import zmq

from rollcast import EPOCH, ROOT, WAIT_S, free_endpoint, settings

EXAMPLES = ROOT / "docs/examples"
RSYSLOGD, COLLECTD = "/usr/sbin/rsyslogd", "/usr/sbin/collectd"
has_omczmq = any(pathlib.Path("/usr/lib").glob("*/rsyslog/omczmq.so"))
has_python = pathlib.Path("/usr/lib/collectd/python.so").exists()


def daemon_for(world, format_):
    ours, theirs = free_endpoint(), free_endpoint()
    world.daemon(settings([{"type": "pull", "bind": [ours], "format": format_}],
                          [{"type": "push", "connect": [theirs]}]))
    return ours, world.client(zmq.PULL, bind=theirs)


def end(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.mark.skipif(not (shutil.which(RSYSLOGD) and has_omczmq), reason="rsyslog-czmq is not installed")
def test_rsyslog_sends_numbers_from_lines(world, tmp_path):
    endpoint, forecasts = daemon_for(world, "json")
    port = int(free_endpoint().rsplit(":", 1)[1])
    config = (f'module(load="imtcp")\ninput(type="imtcp" port="{port}" address="127.0.0.1")\n' +
              (EXAMPLES / "rsyslog.conf").read_text().replace("tcp://127.0.0.1:5556", endpoint))
    (tmp_path / "rsyslog.conf").write_text(config)
    log = open(tmp_path / "rsyslog.err", "wb")
    rsyslog = subprocess.Popen([RSYSLOGD, "-n", "-f", tmp_path / "rsyslog.conf", "-i", tmp_path / "pid"],
                               stderr=log)
    try:
        until, forecast, i = time.monotonic() + WAIT_S, None, 0
        while not forecast and time.monotonic() < until:
            try:
                with socket.create_connection(("127.0.0.1", port)) as client:
                    stamp = time.strftime("%b %d %H:%M:%S")
                    client.sendall(f"<13>{stamp} hosta app: load {i % 7}.5\n".encode())
            except OSError:
                pass  # it is not up yet
            i += 1
            forecast = forecasts.receive(1)
        assert forecast and forecast.stream == 'load{host="hosta"}'
        assert forecast["last"] % 1 == 0.5
    finally:
        end(rsyslog)


@pytest.mark.skipif(not (shutil.which(COLLECTD) and has_python), reason="collectd-core is not installed")
def test_collectd_writes_through_its_python_plugin(world, tmp_path):
    endpoint, forecasts = daemon_for(world, "msgpack")
    (tmp_path / "collectd.conf").write_text(f"""
Hostname "web1"
Interval 1
BaseDir "{tmp_path}"
PIDFile "{tmp_path}/pid"
TypesDB "/usr/share/collectd/types.db"
LoadPlugin load
<LoadPlugin python>
  Globals true
</LoadPlugin>
<Plugin python>
  ModulePath "{EXAMPLES}"
  Import "rollcast_writer"
  <Module rollcast_writer>
    Endpoint "{endpoint}"
  </Module>
</Plugin>
""")
    log = open(tmp_path / "collectd.err", "wb")
    collectd = subprocess.Popen([COLLECTD, "-f", "-C", tmp_path / "collectd.conf"], stdout=log, stderr=log,
                                env={"PYTHONDONTWRITEBYTECODE": "1"})
    try:
        got = forecasts.receive_until(lambda f: f["samples"] >= 3)
        assert {f.stream for f in got} <= {f'load_{term}term{{host="web1"}}' for term in
                                           ("short", "mid", "long")}
    finally:
        end(collectd)


LABELS = {"drop": ["pid", "tmp_*"], "rename": {"instance": "host"}, "add": {"dc": "eu"}}
RELABELLED = [
    ("msgpack", lambda pid, at, value: msgpack.packb(
        {"name": "cpu", "tags": {"pid": pid, "instance": "a", "tmp_x": "1"}, "time": at,
         "fields": {"user": value, "system": -value}})),
    ("json", lambda pid, at, value: json.dumps(
        {"name": "cpu", "tags": {"pid": pid, "instance": "a"}, "time": at,
         "fields": {"user": value, "system": -value}}).encode()),
    ("influx", lambda pid, at, value:
        f"cpu,pid={pid},tmp_x=1,instance=a user={value},system={-value} {at}000000000".encode()),
]


@pytest.mark.parametrize("format_,sample", RELABELLED, ids=[row[0] for row in RELABELLED])
def test_series_that_are_alike_once_labels_are_dropped_are_one_stream(world, format_, sample):
    ours, theirs = free_endpoint(), free_endpoint()
    world.daemon(settings([{"type": "pull", "bind": [ours], "format": format_, "labels": LABELS}],
                          [{"type": "push", "connect": [theirs]}], stream={"aggregate": "sum"}))
    samples, forecasts = world.client(zmq.PUSH, connect=ours), world.client(zmq.PULL, bind=theirs)
    for i in range(6):
        for pid in ("7", "8"):
            samples.send_raw(sample(pid, EPOCH + i, i * int(pid)))
    got = forecasts.drain(1)
    assert {f.stream for f in got} == {f'cpu_{field}{{dc="eu",host="a"}}' for field in ("user", "system")}
    values = {f["time"] - EPOCH: f["last"] for f in got if f["name"] == "cpu_user"}
    assert values.items() >= {(i, 15.0 * i) for i in range(5)}


def test_an_input_without_rules_leaves_labels_alone(world):
    """Beside one that keeps only the host."""
    endpoints, theirs = [free_endpoint(), free_endpoint()], free_endpoint()
    inputs = [{"type": "pull", "bind": [endpoint]} for endpoint in endpoints]
    inputs[1]["labels"] = {"keep": "h*"}
    world.daemon(settings(inputs, [{"type": "push", "connect": [theirs]}]))
    forecasts = world.client(zmq.PULL, bind=theirs)
    for endpoint in endpoints:
        world.client(zmq.PUSH, connect=endpoint).send_values("s", range(5), tags={"host": "a", "pid": "1"})
    assert {f.stream for f in forecasts.drain(1)} == {'s{host="a"}', 's{host="a",pid="1"}'}
