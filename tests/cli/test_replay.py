"""rollcast replay, from outside: what it sends is what the files say, at the speed asked for."""

import os
import pathlib
import signal
import socket
import subprocess
import time

import msgpack
import pytest
import zmq

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROLLCAST = ROOT / os.environ.get("BUILD", "build") / "rollcast"
LIMIT_S = 30


@pytest.fixture
def endpoint():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


def start(*arguments, **options):
    return subprocess.Popen([ROLLCAST, "replay", *map(str, arguments)], stderr=subprocess.PIPE,
                            text=True, **options)


def finish(process, status=0):
    _, said = process.communicate(timeout=LIMIT_S)
    assert process.returncode == status, said
    return said


def seconds(time_):
    return time_.to_unix() if isinstance(time_, msgpack.Timestamp) else time_


def samples_of(payload):
    """(stream, time in seconds, value) of a message, single or in columns."""
    message = msgpack.unpackb(payload)
    labels = ",".join(f'{k}="{v}"' for k, v in sorted(message.get("tags", {}).items()))
    name = message["name"] + (f"{{{labels}}}" if labels else "")
    if "values" in message:
        assert len(message["times"]) == len(message["values"])
        return [(name, seconds(t), v) for t, v in zip(message["times"], message["values"])]
    return [(name, seconds(message["time"]), message["value"])]


class Receiver:
    def __init__(self, kind, endpoint, bind, high_water_mark=None):
        self.socket = zmq.Context.instance().socket(kind)
        if high_water_mark:
            self.socket.setsockopt(zmq.RCVHWM, high_water_mark)
        if kind == zmq.SUB:
            self.socket.setsockopt(zmq.SUBSCRIBE, b"")
        (self.socket.bind if bind else self.socket.connect)(endpoint)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close(linger=0)

    def messages(self, silence_s=0.5):
        """All messages until none comes for a while; the first may take longer."""
        wait_s = 10
        while self.socket.poll(int(wait_s * 1000)):
            yield time.monotonic(), self.socket.recv_multipart()
            wait_s = silence_s

    def samples(self):
        return [s for _, frames in self.messages() for s in samples_of(frames[-1])]


def test_sends_every_sample_of_a_file_by_push(tmp_path, endpoint):
    file = tmp_path / "cpu.csv"
    file.write_text("time,value\n" + "".join(f"{1700000000 + 10 * i},{i / 4}\n" for i in range(1000)))
    with Receiver(zmq.PULL, endpoint, bind=True) as receiver:
        process = start(file, "--connect", endpoint, "--speed", "max")
        got = receiver.samples()
        said = finish(process)
    assert got == [("cpu", 1700000000 + 10 * i, i / 4) for i in range(1000)]
    assert "1000 samples of 1 stream" in said


def test_publishes_a_wide_file_with_the_stream_as_topic(tmp_path, endpoint):
    file = tmp_path / "wide.csv"
    file.write_text('time;"cpu{host=""a""}";mem\n2024-01-01;1,5;2\n2024-01-02;;3\n')
    with Receiver(zmq.SUB, endpoint, bind=False) as receiver:
        process = start(file, "--bind", endpoint, "--pub", "--speed", "max")
        messages = list(receiver.messages())
        finish(process)
    assert {frames[0].decode() for _, frames in messages} == {'cpu{host="a"}', "mem"}
    got = sorted(s for _, frames in messages for s in samples_of(frames[-1]))
    assert got == [('cpu{host="a"}', 1704067200, 1.5), ("mem", 1704067200, 2),
                   ("mem", 1704153600, 3)]


def test_merges_files_by_time(tmp_path, endpoint):
    (tmp_path / "a.csv").write_text("time,value\n1700000000,1\n1700000020,3\n")
    (tmp_path / "b.csv").write_text("time,value\n1700000010,2\n1700000030,4\n")
    with Receiver(zmq.PULL, endpoint, bind=True) as receiver:
        process = start(tmp_path / "a.csv", tmp_path / "b.csv", "--connect", endpoint,
                        "--speed", "100")
        got = receiver.samples()
        finish(process)
    assert [(name, value) for name, _, value in got] == [("a", 1), ("b", 2), ("a", 3), ("b", 4)]


@pytest.mark.parametrize("kind, sender, bind", [(zmq.PULL, "--push", True), (zmq.SUB, "--pub", False)])
def test_loses_nothing_when_the_receiver_is_slow(tmp_path, endpoint, kind, sender, bind):
    count = 400000
    file = tmp_path / "fast.csv"
    file.write_text("".join(f"{i}\n" for i in range(count)))
    with Receiver(kind, endpoint, bind, high_water_mark=2) as receiver:
        process = start(file, "--connect" if bind else "--bind", endpoint, sender, "--speed", "max")
        expected = 0
        for number, (_, frames) in enumerate(receiver.messages(silence_s=2)):
            for _, _, value in samples_of(frames[-1]):
                assert value == expected
                expected += 1
            if number % 200 == 0:
                time.sleep(0.05)
        finish(process)
    assert expected == count


def test_keeps_the_pace_that_is_asked_for(tmp_path, endpoint):
    file = tmp_path / "paced.csv"
    file.write_text("time,value\n" + "".join(f"{1700000000 + 60 * i},{i}\n" for i in range(6)))
    with Receiver(zmq.PULL, endpoint, bind=True) as receiver:
        process = start(file, "--connect", endpoint, "--speed", "300")
        times = [at for at, _ in receiver.messages(silence_s=1)]
        finish(process)
    assert len(times) == 6
    assert 0.9 < times[-1] - times[0] < 1.6  # 300 seconds of data at 300 times


def test_starts_now_and_loops_with_times_that_go_on(tmp_path, endpoint):
    file = tmp_path / "loop.csv"
    file.write_text("time,value\n100,1\n110,2\n120,3\n")
    with Receiver(zmq.PULL, endpoint, bind=True) as receiver:
        before = time.time()
        process = start(file, "--connect", endpoint, "--speed", "100", "--start-now", "--loop")
        got = []
        for _, frames in receiver.messages():
            got += samples_of(frames[-1])
            if len(got) >= 8:
                break
        process.send_signal(signal.SIGINT)
        said = finish(process)
    assert "stopped" in said
    assert before - 1 < got[0][1] < before + 10
    assert [value for _, _, value in got[:8]] == [1, 2, 3, 1, 2, 3, 1, 2]
    for (_, earlier, _), (_, later, _) in zip(got, got[1:]):
        assert later - earlier == pytest.approx(10, abs=1e-5)


def test_reads_standard_input(endpoint):
    with Receiver(zmq.PULL, endpoint, bind=True) as receiver:
        process = start("-", "--connect", endpoint, "--speed", "max", "--name", "piped",
                        stdin=subprocess.PIPE)
        process.stdin.write("1\n2\n")
        process.stdin.close()
        process.stdin = None
        got = receiver.samples()
        finish(process)
    assert got == [("piped", 0, 1), ("piped", 1, 2)]


def test_leaves_out_what_it_cannot_read_and_says_so(tmp_path, endpoint):
    file = tmp_path / "bad.csv"
    file.write_text("time,value\n1,1\n2,abc\n3,3\n")
    with Receiver(zmq.PULL, endpoint, bind=True) as receiver:
        process = start(file, "--connect", endpoint, "--speed", "max")
        got = receiver.samples()
        said = finish(process, status=1)
    assert got == [("bad", 1, 1), ("bad", 3, 3)]
    assert 'bad.csv:3:3: value: "abc" is no number' in said


def test_gives_up_when_nobody_comes(tmp_path, endpoint):
    file = tmp_path / "a.csv"
    file.write_text("1\n")
    for sender in ("--push", "--pub"):
        said = finish(start(file, "--bind", endpoint, sender, "--wait", "300ms"), status=1)
        assert "nobody came" in said


def test_stops_at_once_while_it_waits(tmp_path, endpoint):
    file = tmp_path / "a.csv"
    file.write_text("1\n")
    process = start(file, "--bind", endpoint)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    assert "stopped" in finish(process)


@pytest.mark.parametrize("arguments, said", [
    ([], "no file is given"),
    (["x.csv", "--speed", "0"], "neither a number above 0 nor max"),
    (["x.csv", "--speed", "fast"], "neither a number above 0 nor max"),
    (["x.csv", "--push", "--pub"], "exclude each other"),
    (["-", "--loop"], "without --loop"),
    (["x.csv", "--conect", "y"], 'did you mean "--connect"?'),
    (["x.csv", "--wait"], "--wait needs a value"),
])
def test_refuses_wrong_usage(arguments, said):
    assert said in finish(start(*arguments), status=2)


def test_says_which_file_is_missing_before_it_waits(tmp_path, endpoint):
    said = finish(start(tmp_path / "none.csv", "--connect", endpoint), status=1)
    assert "none.csv: No such file or directory" in said
