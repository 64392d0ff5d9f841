"""rollcast pipe, from outside: what an agent writes arrives as samples, piece by piece and at once."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

import msgpack
import pytest
import zmq

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROLLCAST = ROOT / os.environ.get("BUILD", "build") / "rollcast"
LIMIT_S = 30
NS = 1_700_000_000_000_000_000


class Pipe:
    def __init__(self, *arguments):
        self.socket = zmq.Context.instance().socket(zmq.PULL)
        port = self.socket.bind_to_random_port("tcp://127.0.0.1")
        self.process = subprocess.Popen(
            [ROLLCAST, "pipe", "--connect", f"tcp://127.0.0.1:{port}", *arguments],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE)

    def write(self, bytes_):
        self.process.stdin.write(bytes_)
        self.process.stdin.flush()

    def receive(self, count):
        """(stream, time, value) of the next samples."""
        got = []
        while len(got) < count:
            assert self.socket.poll(LIMIT_S * 1000), f"only {got}"
            message = msgpack.unpackb(self.socket.recv())
            labels = ",".join(f'{k}="{v}"' for k, v in sorted(message["tags"].items()))
            name = message["name"] + (f"{{{labels}}}" if labels else "")
            times = message.get("times", [message.get("time")])
            values = message.get("values", [message.get("value")])
            got += [(name, time_.to_unix(), value) for time_, value in zip(times, values)]
        return got

    def finish(self, status=0):
        _, said = self.process.communicate(timeout=LIMIT_S)
        assert self.process.returncode == status, said
        return said.decode()


@pytest.fixture
def pipe():
    made = []

    def make(*arguments):
        made.append(Pipe(*arguments))
        return made[-1]
    yield make
    for one in made:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        one.socket.close(0)


def test_line_protocol_as_telegraf_writes_it_leaves_line_by_line(pipe):
    one = pipe()
    one.write(f"cpu,host=a user=1.5,system=2i {NS}\n".encode())
    assert one.receive(2) == [('cpu_user{host="a"}', NS / 1e9, 1.5), ('cpu_system{host="a"}', NS / 1e9, 2)]
    one.write(f"mem value=3 {NS}".encode())
    time.sleep(0.1)
    assert not one.socket.poll(100), "half a line"
    one.write(b"\ndisk value=4 1700000001000000000")
    assert one.receive(1) == [("mem", NS / 1e9, 3)]
    said = one.finish()
    assert one.receive(1) == [("disk", 1_700_000_001, 4)], "the last line needs no end"
    assert "4 samples" in said


def test_json_comes_a_map_or_an_array_a_line(pipe):
    one = pipe("--format", "json", "--time-unit", "ms")
    sample = {"name": "q", "tags": {"h": "a"}, "time": 1_700_000_000_500, "value": 7}
    one.write((json.dumps(sample) + "\n" + json.dumps([sample, sample | {"name": "r"}]) + "\n").encode())
    assert one.receive(3) == [('q{h="a"}', 1_700_000_000.5, 7)] * 2 + [('r{h="a"}', 1_700_000_000.5, 7)]
    one.finish()


def test_msgpack_objects_come_in_any_pieces(pipe):
    one = pipe("--format", "msgpack")
    stream = b"".join(msgpack.packb({"name": f"s{i}", "time": 1_700_000_000 + i, "value": i})
                      for i in range(50))
    for start in range(0, len(stream), 17):
        one.write(stream[start:start + 17])
    assert one.receive(50) == [(f"s{i}", 1_700_000_000 + i, i) for i in range(50)]
    one.finish()


def test_what_is_refused_is_said_by_reason_and_the_rest_goes_on(pipe):
    one = pipe()
    one.write(f"good value=1 {NS}\nbad\ngood value=2 {NS}\n".encode())
    assert [value for _, _, value in one.receive(2)] == [1, 2]
    assert "1 refused" in one.finish(status=1)


def test_a_line_beyond_all_measure_is_dropped_alone(pipe):
    one = pipe()
    one.write(f"good value=1 {NS}\n".encode())
    one.write(b"x" * (33 << 20) + b"\n")
    one.write(f"good value=2 {NS}\n".encode())
    assert [value for _, _, value in one.receive(2)] == [1, 2]
    assert "1 refused: malformed" in one.finish(status=1)


def test_what_is_no_msgpack_ends_it(pipe):
    one = pipe("--format", "msgpack")
    one.write(msgpack.packb({"name": "s", "time": 1, "value": 2}) + b"\xc1")
    assert one.receive(1) == [("s", 1, 2)]
    assert "no msgpack" in one.finish(status=1)


def test_100000_lines_arrive_to_the_last_without_a_peer_at_first(pipe):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    process = subprocess.Popen([ROLLCAST, "pipe", "--connect", endpoint], stdin=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    puller = zmq.Context.instance().socket(zmq.PULL)
    try:
        process.stdin.write(f"s value=0 {NS}\n".encode())
        process.stdin.flush()
        time.sleep(0.3)
        puller.bind(endpoint)
        lines = b"".join(f"s value={i} {NS + i * 1000}\n".encode() for i in range(1, 100_000))
        # It waits for who reads, and so does who writes.
        writer = threading.Thread(target=lambda: (process.stdin.write(lines), process.stdin.close()))
        writer.start()
        last = -1
        while last < 99_999:
            assert puller.poll(LIMIT_S * 1000), last
            message = msgpack.unpackb(puller.recv())
            for value in message.get("values", [message.get("value")]):
                assert value == last + 1
                last = value
        writer.join(LIMIT_S)
        assert process.wait(LIMIT_S) == 0
    finally:
        process.kill()
        process.wait()
        puller.close(0)


def test_a_signal_stops_it_although_nobody_takes_what_it_has(pipe):
    process = subprocess.Popen([ROLLCAST, "pipe", "--connect", "tcp://127.0.0.1:1"],
                               stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(b"".join(f"s value={i} {NS}\n".encode() for i in range(3000)))
    process.stdin.flush()
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    try:
        _, said = process.communicate(timeout=20)  # at the end of its input it would wait for 30 s
        assert process.returncode == 0
        assert b"lost: nobody takes them" in said
    finally:
        process.kill()
        process.wait()


def test_what_was_taken_before_something_broken_is_reported_too(pipe):
    one = pipe("--format", "msgpack")
    one.write(msgpack.packb({"name": "a", "value": 1, "time": 1}) + b"\xc1")
    assert one.receive(1) == [("a", 1, 1)]
    said = one.finish(1)
    assert "no msgpack" in said and "1 samples" in said


def test_closed_standard_input_is_an_empty_one():
    """And none of its sockets takes the number 0."""
    result = subprocess.run([ROLLCAST, "pipe"], preexec_fn=lambda: os.close(0), stderr=subprocess.PIPE,
                            timeout=LIMIT_S)
    assert result.returncode == 0 and b" 0 samples" in result.stderr


@pytest.mark.parametrize("arguments", [["file"], ["--push", "--pub"], ["--format", "xml"],
                                       ["--connect", "ipc://a", "--bind", "ipc://b"]])
def test_wrong_usage_is_refused(arguments):
    result = subprocess.run([ROLLCAST, "pipe", *arguments], capture_output=True, text=True, timeout=LIMIT_S,
                            stdin=subprocess.DEVNULL)
    assert result.returncode == 2 and "--help" in result.stderr
