"""The examples of docs/examples, against a running daemon; what docs/messages.md shows in bytes."""

import json
import os
import re
import subprocess
import sys

import msgpack
import pytest
import zmq

from rollcast import BUILD, EPOCH, ROOT, WAIT_S, free_endpoint, settings

EXAMPLES = ROOT / "docs/examples"
SUBSCRIBER = re.compile(r'load\{host="a"\}: 3 now, .*\d.* in 4 s')


class Example:
    """A program of the examples that runs until the test is over."""

    def __init__(self, *command):
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def endpoints(world):
    """Where a daemon publishes forecasts and alerts of a stream that has come near its threshold."""
    samples, forecasts, alerts = free_endpoint(), free_endpoint(), free_endpoint()
    world.daemon(settings([{"type": "pull", "bind": [samples]}],
                          [{"bind": [forecasts]}, {"bind": [alerts], "content": "alerts"}],
                          thresholds=[{"name": "full", "match": "disk", "above": 100}]))
    client = world.client(zmq.PUSH, connect=samples)
    watching = world.client(zmq.SUB, connect=forecasts).subscribe()
    client.send_values("load", [float(i % 7) for i in range(60)], tags={"host": "a"})
    client.send_values("disk", [float(i) for i in range(120)], tags={"host": "a"})
    watching.receive_until(lambda forecast: forecast["name"] == "disk" and forecast["last"] == 119)
    return forecasts, alerts


def test_the_subscriber_in_python_prints_forecasts(endpoints):
    with Example(sys.executable, EXAMPLES / "subscribe.py", endpoints[0], "load") as example:
        assert SUBSCRIBER.fullmatch(example.line())


def test_the_subscriber_in_c_prints_forecasts(endpoints, tmp_path):
    # Debian 13 calls it msgpack-c.
    msgpack_c = next(name for name in ("msgpack-c", "msgpack")
                     if subprocess.run(["pkg-config", "--exists", name], check=False).returncode == 0)
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libzmq", "openblas", msgpack_c], check=True,
                           capture_output=True, text=True).stdout.split()
    program = tmp_path / "subscribe"
    subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", *os.environ.get("CFLAGS", "").split(), "-I", ROOT / "include",
                    EXAMPLES / "subscribe.c", BUILD / "librollcast.a", *flags,
                    *os.environ.get("LDFLAGS", "").split(), "-lm", "-o", program], check=True, timeout=60)
    with Example(program, endpoints[0], "load") as example:
        assert SUBSCRIBER.fullmatch(example.line())


def test_the_reader_of_alerts_tells_them_and_runs_a_command(endpoints, tmp_path):
    told, said = tmp_path / "alert.json", tmp_path / "said"
    command = ["sh", "-c", f'cat > {told}.new && echo "$1" > {said} && mv {told}.new {told}', "sh"]
    with Example(sys.executable, EXAMPLES / "alerts.py", endpoints[1], *command) as example:
        line = example.line()
        assert line.startswith('raised: full: disk{host="a"} reaches 100') and line.endswith("%")
        for _ in range(WAIT_S * 10):
            if told.exists():
                break
            subprocess.run(["sleep", "0.1"], check=True)
    alert = json.loads(told.read_text())
    assert (alert["threshold"], alert["state"], alert["tags"]) == ("full", "raised", {"host": "a"})
    assert said.read_text().strip() == line


# ---- bytes in the docs ----

def dumps():
    """The JSON before each dump of docs/messages.md, and the bytes of the dump."""
    text = (ROOT / "docs/messages.md").read_text()
    found = re.findall(r"^`?(\{[^`]*?\})`?,? in bytes:\n\n```\n(.*?)\n```", text, re.M | re.S)
    return [(json.loads(shown), bytes.fromhex("".join(re.findall(r"^[0-9a-f]{4}  ((?:[0-9a-f]{2} ?)+) ", dump, re.M))))
            for shown, dump in found]


def test_the_sample_in_the_docs_is_what_its_bytes_say_and_the_daemon_takes_it(world):
    shown, payload = dumps()[0]
    assert msgpack.unpackb(payload) == shown
    _, samples, forecasts = world.push_pull()
    for i in range(40):
        samples.send_raw(payload.replace((EPOCH).to_bytes(4, "big"), (EPOCH + i).to_bytes(4, "big")))
    forecast = forecasts.receive()
    assert forecast and forecast.stream == 'queue_length{host="a"}' and forecast["last"] == shown["value"]
