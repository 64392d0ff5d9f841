"""What tests of the whole daemon share: start the real rollcastd, talk to it as clients do, stop it.

    samples ──PUSH/PUB──► rollcastd ──PUSH/XPUB──► forecasts

Everything is on loopback, every wait has an end, and a daemon is stopped by its own process id.
"""

import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import time

import msgpack
import zmq

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
ROLLCASTD = BUILD / "rollcastd"
SANITIZED = "san" in BUILD.name  # what the sanitizers keep for themselves is not the daemon's memory
START_S = 20
STOP_S = 30
WAIT_S = 30
EPOCH = 1_700_000_000  # the first sample's time; far from now, on purpose: only the data's time counts


def free_endpoint():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


def run_rollcastd(*arguments, **options):
    """A run that ends by itself."""
    return subprocess.run([ROLLCASTD, *map(str, arguments)], capture_output=True, text=True,
                          timeout=START_S, **options)


class Daemon:
    """A running rollcastd. `settings` is a dict; JSON is YAML."""

    def __init__(self, directory, settings):
        directory.mkdir(parents=True, exist_ok=True)
        self.file = directory / "rollcast.yaml"
        self.file.write_text(json.dumps(settings, indent=1))
        self.log_file = directory / "stderr"
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen([ROLLCASTD, "--config", self.file], cwd=directory,
                                            stdin=subprocess.DEVNULL, stderr=log)
        try:
            self.wait_for_log("ready:", START_S)
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def log(self):
        return self.log_file.read_text(errors="replace")

    def wait_for_log(self, text, limit_s=WAIT_S):
        end = time.monotonic() + limit_s
        while text not in self.log():
            if self.process.poll() is not None:
                raise AssertionError(f"rollcastd ended with {self.process.returncode}:\n{self.log()}")
            assert time.monotonic() < end, f"no '{text}' within {limit_s} s:\n{self.log()}"
            time.sleep(0.01)

    def is_running(self):
        return self.process.poll() is None

    def counters(self):
        """Those of the last line of a daemon that has stopped, by name."""
        line = [line for line in self.log().splitlines() if "stopped:" in line][-1]
        pairs = (word.rsplit("=", 1) for word in line.split("stopped:")[1].split())
        return {name: float(value) for name, value in pairs}

    def stop(self, how=signal.SIGTERM, limit_s=STOP_S):
        """Returns the exit status. One that does not stop in time is killed, and an error."""
        if self.is_running():
            self.process.send_signal(how)
        try:
            return self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"rollcastd did not stop within {limit_s} s:\n{self.log()}") from None


class Client:
    """A socket of the other side."""

    def __init__(self, kind, connect=None, bind=None, high_water_mark=0, buffer_bytes=-1):
        self.socket = zmq.Context.instance().socket(kind)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.SNDHWM, high_water_mark)
        self.socket.setsockopt(zmq.RCVHWM, high_water_mark)
        self.socket.setsockopt(zmq.RCVBUF, buffer_bytes)
        self.socket.setsockopt(zmq.SNDTIMEO, WAIT_S * 1000)
        self.socket.setsockopt(zmq.RECONNECT_IVL, 20)
        for endpoint in [bind] if isinstance(bind, str) else bind or []:
            self.socket.bind(endpoint)
        for endpoint in [connect] if isinstance(connect, str) else connect or []:
            self.socket.connect(endpoint)

    def close(self):
        self.socket.close()

    # ---- samples ----

    def send_raw(self, *frames):
        self.socket.send_multipart(frames)

    def send(self, message):
        self.send_raw(msgpack.packb(message))

    def send_values(self, name, values, start=EPOCH, step=1, tags=None):
        """A value per step, in one column batch."""
        self.send({"name": name, "tags": tags or {},
                   "times": [start + i * step for i in range(len(values))], "values": list(values)})

    # ---- forecasts ----

    def subscribe(self, topic=b""):
        self.socket.setsockopt(zmq.SUBSCRIBE, topic)
        return self

    def receive(self, limit_s=WAIT_S):
        """The next forecast, or None after limit_s."""
        if not self.socket.poll(int(limit_s * 1000)):
            return None
        return Forecast(self.socket.recv_multipart())

    def receive_until(self, done, limit_s=WAIT_S):
        """All forecasts up to the first of which `done` says so."""
        end = time.monotonic() + limit_s
        forecasts = []
        while not forecasts or not done(forecasts[-1]):
            forecast = self.receive(max(0.0, end - time.monotonic()))
            assert forecast, f"only {len(forecasts)} forecasts came, the last one is {forecasts[-1:]}"
            forecasts.append(forecast)
        return forecasts

    def drain(self, silence_s=0.5):
        """Whatever comes until nothing comes for a while."""
        forecasts = []
        while forecast := self.receive(silence_s):
            forecasts.append(forecast)
        return forecasts


class Forecast(dict):
    """The map of a message, with its topic and its sequence number."""

    def __init__(self, frames):
        assert len(frames) == 3, f"{len(frames)} frames"
        topic, payload, sequence = frames
        super().__init__(msgpack.unpackb(payload))
        self.topic = topic.decode()
        (self.sequence,) = struct.unpack("<Q", sequence)

    @property
    def stream(self):
        labels = ",".join(f'{key}="{value}"' for key, value in sorted(self["tags"].items()))
        return self["name"] + (f"{{{labels}}}" if labels else "")


def settings(inputs, outputs, **more):
    """Settings with a grid of one second and small, quickly trained networks."""
    stream = {"match": "*", "step": "1s", "window": 200, "horizon": 4, "retrain": {"every": 50}}
    stream.update(more.pop("stream", {}))
    model = {"hidden": 4, "lookback": 12, "batch": 16, "steps": {"first": 60, "refit": 30}}
    model.update(more.pop("model", {}))
    return {
        "inputs": [{"name": f"in{i}", **one} for i, one in enumerate(inputs)],
        "outputs": [{"name": f"out{i}", "high_water_mark": 1000000, **one}
                    for i, one in enumerate(outputs)],
        "streams": [stream], "models": {"default": model}, "threads": {"train": 1},
        # Whatever a burst or a loaded machine delays: a forecast from each step.
        "limits": {"lag": "never", **more.pop("limits", {})},
        "http": {"listen": "none"}, "state": {"path": "none"}, **more,
    }
