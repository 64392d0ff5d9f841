"""Encrypted sockets: whom the daemon lets in, whom it refuses, and what it says about it. The other side
is pyzmq, which makes and reads the same certificates."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

import msgpack
import pytest
import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

from rollcast import BUILD, EPOCH, ROLLCASTD, WAIT_S, free_endpoint, run_rollcastd, settings

ROLLCAST = BUILD / "rollcast"
SILENCE_S = 1.5  # nothing comes from somebody who was refused, however long one waits


class Keys:
    """A certificate's files, made by Rollcast or by pyzmq."""

    def __init__(self, directory, name, by="rollcast"):
        directory.mkdir(exist_ok=True)
        self.path = directory / name
        self.public_file = directory / f"{name}.key"
        self.secret_file = directory / f"{name}.key_secret"
        if by == "rollcast":
            subprocess.run([ROLLCAST, "keygen", "--output", self.path], check=True, timeout=WAIT_S,
                           stdout=subprocess.DEVNULL)
        else:
            zmq.auth.create_certificates(directory, name)
            self.secret_file.chmod(0o600)
        self.public, self.secret = zmq.auth.load_certificate(self.secret_file)
        assert zmq.auth.load_certificate(self.public_file) == (self.public, None)


class Guarded:
    """A daemon with CURVE on an input and an output that bind, and a directory of its clients."""

    def __init__(self, world, clients=None, **more):
        self.directory = world.directory
        self.world = world
        self.made = 0
        self.server = Keys(self.directory / "server", "server")
        self.clients = self.directory / "clients"
        self.clients.mkdir()
        self.samples, self.forecasts = free_endpoint(), free_endpoint()
        self.http = free_endpoint().removeprefix("tcp://")
        curve = {"secret_key_file": str(self.server.secret_file),
                 "clients": str(clients or self.clients)}
        self.settings = settings(
            [{"type": "pull", "bind": self.samples, "curve": curve}],
            [{"bind": self.forecasts, "curve": curve}],
            http={"listen": self.http}, **more)

    def start(self):
        self.daemon = self.world.daemon(self.settings)
        return self

    def admit(self, keys):
        shutil.copy(keys.public_file, self.clients)
        return keys

    def keys(self, name, by="rollcast"):
        self.made += 1
        return Keys(self.directory / "keys", f"{name}{self.made}", by)

    def client(self, kind, endpoint, keys=None, server_key=None):
        client = self.world.client(kind)
        if keys:
            client.socket.curve_publickey, client.socket.curve_secretkey = keys.public, keys.secret
            client.socket.curve_serverkey = server_key or self.server.public
        client.socket.connect(endpoint)
        return client

    def refused(self, port="input"):
        """The counters, by reason."""
        with urllib.request.urlopen(f"http://{self.http}/metrics", timeout=WAIT_S) as answer:
            text = answer.read().decode()
        found = re.findall(rf'{port}_connections_refused_total{{.*reason="(\w+)"}} (\d+)', text)
        return {reason: int(count) for reason, count in found}

    def wait_until_refused(self, reason, port="input"):
        end = time.monotonic() + WAIT_S
        reasons = [reason, "handshake"] if reason == "plaintext" else [reason]  # who hung up first?
        while not any(self.refused(port)[one] for one in reasons):
            assert time.monotonic() < end, f"{self.refused(port)}\n{self.daemon.log()}"
            time.sleep(0.05)


def send_and_receive(sender, receiver, name="load", count=30):
    sender.send_values(name, range(count))
    last = EPOCH + count - 1
    return receiver.receive_until(lambda f: f["name"] == name and f["time"] >= last)


@pytest.mark.parametrize("by", ["rollcast", "pyzmq"])
def test_clients_whose_certificates_are_there_send_samples_and_get_forecasts(world, by):
    guarded = Guarded(world)
    keys = guarded.admit(guarded.keys("alice", by))
    guarded.start()
    receiver = guarded.client(zmq.SUB, guarded.forecasts, keys).subscribe()
    sender = guarded.client(zmq.PUSH, guarded.samples, keys)
    assert send_and_receive(sender, receiver)[-1].stream == "load"
    assert guarded.refused() == {"key": 0, "plaintext": 0, "handshake": 0}


def test_several_clients_may_stand_in_one_file(world):
    file = world.directory / "clients.txt"
    guarded = Guarded(world, clients=file)
    alice, bob = guarded.keys("alice"), guarded.keys("bob", by="pyzmq")
    file.write_bytes(alice.public_file.read_bytes() + bob.public_file.read_bytes())
    guarded.start()
    receiver = guarded.client(zmq.SUB, guarded.forecasts, bob).subscribe()
    assert send_and_receive(guarded.client(zmq.PUSH, guarded.samples, alice), receiver)


def test_any_client_is_let_in_if_that_is_said(world):
    guarded = Guarded(world, clients="any").start()
    stranger = guarded.keys("stranger")
    receiver = guarded.client(zmq.SUB, guarded.forecasts, stranger).subscribe()
    assert send_and_receive(guarded.client(zmq.PUSH, guarded.samples, stranger), receiver)


def refused_client(guarded, case, kind, endpoint):
    if case == "key":
        return guarded.client(kind, endpoint, guarded.keys("mallory"))
    if case == "plaintext":
        return guarded.client(kind, endpoint)
    wrong = zmq.curve_keypair()[0]
    return guarded.client(kind, endpoint, guarded.keys("carol"), server_key=wrong)


@pytest.mark.parametrize("case", ["key", "plaintext", "handshake"])
def test_others_are_refused_and_counted_and_get_one_line(world, case):
    guarded = Guarded(world)
    keys = guarded.admit(guarded.keys("alice"))
    guarded.start()
    receiver = guarded.client(zmq.SUB, guarded.forecasts, keys).subscribe()
    sender = guarded.client(zmq.PUSH, guarded.samples, keys)
    send_and_receive(sender, receiver)

    refused_client(guarded, case, zmq.PUSH, guarded.samples).send_values("forged", range(30))
    eavesdropper = refused_client(guarded, case, zmq.SUB, guarded.forecasts).subscribe()
    guarded.wait_until_refused(case)
    guarded.wait_until_refused(case, "output")
    forecasts = send_and_receive(sender, receiver, "load2")
    assert "forged" not in {forecast["name"] for forecast in forecasts}
    assert not eavesdropper.receive(SILENCE_S)
    lines = [line for line in guarded.daemon.log().splitlines() if "refused" in line]
    assert len([line for line in lines if "inputs.in0: 127.0.0.1 refused: " in line]) == 1, lines
    assert len([line for line in lines if "outputs.out0: 127.0.0.1 refused: " in line]) == 1, lines
    assert guarded.daemon.stop() == 0


def test_a_port_scanner_is_a_failed_handshake(world):
    guarded = Guarded(world).start()
    host, port = guarded.samples.removeprefix("tcp://").split(":")
    for greeting in [b"", b"GET / HTTP/1.1\r\n\r\n", os.urandom(200)]:
        with socket.create_connection((host, int(port)), timeout=WAIT_S) as scanner:
            scanner.sendall(greeting)
    guarded.wait_until_refused("handshake")


def pyzmq_server(world, kind, keys, clients):
    authenticator = ThreadAuthenticator(zmq.Context.instance())
    authenticator.start()
    authenticator.configure_curve(domain="global", location=str(clients))
    server = world.client(kind)
    server.socket.curve_publickey, server.socket.curve_secretkey = keys.public, keys.secret
    server.socket.curve_server = True
    server.socket.zap_domain = b"global"
    endpoint = free_endpoint()
    server.socket.bind(endpoint)
    return authenticator, server, endpoint


def test_the_daemon_is_a_client_of_a_server_in_python(world):
    server, own = Keys(world.directory, "theirs", by="pyzmq"), Keys(world.directory, "own")
    clients = world.directory / "theirs"
    clients.mkdir()
    shutil.copy(own.public_file, clients)
    authenticator, publisher, endpoint = pyzmq_server(world, zmq.XPUB, server, clients)
    try:
        forecasts = free_endpoint()
        receiver = world.client(zmq.PULL, bind=forecasts)
        world.daemon(settings(
            [{"connect": endpoint, "curve": {"secret_key_file": str(own.secret_file),
                                             "server_key": server.public.decode().replace("$", "$$")}}],
            [{"type": "push", "connect": forecasts}]))
        assert publisher.socket.poll(WAIT_S * 1000), "nobody subscribed"
        publisher.socket.recv()
        for i in range(30):
            publisher.send_raw(b"load", msgpack.packb({"name": "load", "time": EPOCH + i, "value": i}))
        assert receiver.receive_until(lambda f: f["time"] >= EPOCH + 29)
    finally:
        authenticator.stop()


@pytest.mark.parametrize("theirs, ours", [(zmq.PUSH, "pull"), (zmq.XPUB, "sub")])
def test_a_server_that_learns_our_key_later_is_asked_again(world, theirs, ours):
    server, own = Keys(world.directory, "theirs", by="pyzmq"), Keys(world.directory, "own")
    clients = world.directory / "theirs"
    clients.mkdir()
    authenticator, sender, endpoint = pyzmq_server(world, theirs, server, clients)
    try:
        forecasts = free_endpoint()
        receiver = world.client(zmq.PULL, bind=forecasts)
        daemon = world.daemon(settings(
            [{"type": ours, "connect": endpoint,
              "curve": {"secret_key_file": str(own.secret_file),
                        "server_key_file": str(server.public_file)}}],
            [{"type": "push", "connect": forecasts}]))
        daemon.wait_for_log("our key is not among its clients")
        shutil.copy(own.public_file, clients)
        authenticator.configure_curve(domain="global", location=str(clients))
        if theirs == zmq.XPUB:
            assert sender.socket.poll(WAIT_S * 1000), "nobody subscribed"
        for i in range(30):
            sender.send({"name": "load", "time": EPOCH + i, "value": i})
        assert receiver.receive_until(lambda f: f["time"] >= EPOCH + 29)
    finally:
        authenticator.stop()


def test_a_server_that_refuses_the_daemon_is_named_in_the_log(world):
    server, own = Keys(world.directory, "theirs", by="pyzmq"), Keys(world.directory, "own")
    clients = world.directory / "theirs"
    clients.mkdir()
    authenticator, _, endpoint = pyzmq_server(world, zmq.PUSH, server, clients)
    try:
        daemon = world.daemon(settings(
            [{"type": "pull", "connect": endpoint,
              "curve": {"secret_key_file": str(own.secret_file),
                        "server_key_file": str(server.public_file)}}],
            [{"bind": free_endpoint()}]))
        daemon.wait_for_log("our key is not among its clients")
        assert endpoint in daemon.log()
    finally:
        authenticator.stop()


def test_secrets_are_in_no_output(world):
    guarded = Guarded(world)
    keys = guarded.admit(guarded.keys("alice"))
    guarded.start()
    receiver = guarded.client(zmq.SUB, guarded.forecasts, keys).subscribe()
    send_and_receive(guarded.client(zmq.PUSH, guarded.samples, keys), receiver)
    refused_client(guarded, "key", zmq.PUSH, guarded.samples)
    guarded.wait_until_refused("key")
    printed = run_rollcastd("--config", guarded.daemon.file, "--print-config")
    assert printed.returncode == 0 and str(guarded.server.secret_file) in printed.stdout
    assert guarded.daemon.stop() == 0
    secret = guarded.server.secret.decode()
    assert secret not in printed.stdout + printed.stderr + guarded.daemon.log()


def test_a_secret_that_others_can_read_is_refused(world):
    guarded = Guarded(world)
    guarded.server.secret_file.chmod(0o640)
    with pytest.raises(AssertionError, match="ended with 1"):
        guarded.start()
    log = (world.directory / "daemon0" / "stderr").read_text()
    assert "server.key_secret: others than its owner may use it (mode 0640)" in log


def test_credentials_of_systemd_are_for_the_daemon_alone_whatever_their_mode_says(world, monkeypatch):
    guarded = Guarded(world, clients="any")
    guarded.server.secret_file.chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(guarded.server.secret_file.parent))
    for socket_ in guarded.settings["inputs"] + guarded.settings["outputs"]:
        socket_["curve"]["secret_key_file"] = "${CREDENTIALS_DIRECTORY}/server.key_secret"
    guarded.start()
    keys = guarded.keys("alice")
    receiver = guarded.client(zmq.SUB, guarded.forecasts, keys).subscribe()
    assert send_and_receive(guarded.client(zmq.PUSH, guarded.samples, keys), receiver)


@pytest.mark.parametrize("change, complaint", [
    ({"secret_key_file": "nowhere"}, "nowhere: No such file or directory"),
    ({"clients": "nowhere"}, "inputs.in0.curve.clients: nowhere: No such file or directory"),
])
def test_files_that_are_missing_are_named(world, change, complaint):
    guarded = Guarded(world)
    guarded.settings["inputs"][0]["curve"].update(change)
    with pytest.raises(AssertionError, match="ended with 1"):
        guarded.start()
    assert complaint in (world.directory / "daemon0" / "stderr").read_text()


def run_as(user, directory, settings_):
    """A daemon of somebody else, until it is ready. The caller ends it."""
    (directory / "rollcast.yaml").write_text(json.dumps(settings_))
    log_file = directory / "stderr"
    program = shutil.copy(ROLLCASTD, directory)  # the build may lie where others may not look
    with open(log_file, "wb") as log:
        process = subprocess.Popen([program, "--config", directory / "rollcast.yaml"], stderr=log,
                                   cwd=directory, user=user, group=user, extra_groups=[])
    end = time.monotonic() + WAIT_S
    while b"ready:" not in log_file.read_bytes():
        assert time.monotonic() < end and process.poll() is None, log_file.read_text()
        time.sleep(0.02)
    return process


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")
@pytest.mark.parametrize("with_curve", [True, False])
def test_who_holds_a_secret_cannot_be_dumped(with_curve):
    """What cannot be dumped belongs to root in /proc: nobody of its own user can look into it."""
    nobody = 65534
    with tempfile.TemporaryDirectory() as path:
        directory = pathlib.Path(path)
        keys = Keys(directory, "server")
        one = {"type": "pull", "bind": free_endpoint()}
        if with_curve:
            one["curve"] = {"secret_key_file": str(keys.secret_file), "clients": "any"}
        for path in [directory, keys.secret_file]:
            os.chown(path, nobody, nobody)
        process = run_as(nobody, directory, settings([one], [{"bind": free_endpoint()}]))
        owner = os.stat(f"/proc/{process.pid}/environ").st_uid
        process.terminate()
        assert process.wait(WAIT_S) == 0
        assert owner == (0 if with_curve else nobody)


# ---- other lists, other keys ----

def reload(guarded):
    ended = tool("reload", "--http", guarded.http)
    assert ended.returncode == 0, ended.stdout + ended.stderr + guarded.daemon.log()


def test_who_is_struck_off_is_out_after_a_reload_and_who_is_added_is_in(world):
    guarded = Guarded(world)
    alice, bob, carol = (guarded.keys(name) for name in ["alice", "bob", "carol"])
    guarded.admit(alice)
    guarded.admit(bob)
    guarded.start()
    receivers = {name: guarded.client(zmq.SUB, guarded.forecasts, keys).subscribe()
                 for name, keys in [("alice", alice), ("bob", bob)]}
    sender = guarded.client(zmq.PUSH, guarded.samples, alice)
    for receiver in receivers.values():
        send_and_receive(sender, receiver, "before" + str(id(receiver)))

    (guarded.clients / bob.public_file.name).unlink()
    guarded.admit(carol)
    reload(guarded)
    guarded.wait_until_refused("key", "output")
    receivers["carol"] = guarded.client(zmq.SUB, guarded.forecasts, carol).subscribe()
    came = {name: False for name in receivers}
    end = time.monotonic() + WAIT_S
    for i in range(1000):  # what is on its way when the line is cut may be lost, so more than once
        sender.send_values(f"after{i}", range(30))
        for name, receiver in receivers.items():
            while forecast := receiver.receive(0.1):
                came[name] |= forecast["name"].startswith("after")
        if came["alice"] and came["carol"]:
            break
        assert time.monotonic() < end, came
    assert came == {"alice": True, "bob": False, "carol": True}


def test_a_socket_may_turn_to_curve_and_to_another_key_while_the_daemon_runs(world):
    guarded = Guarded(world)
    keys = guarded.admit(guarded.keys("alice"))
    curve = [socket_.pop("curve") for socket_ in guarded.settings["inputs"] + guarded.settings["outputs"]]
    guarded.start()
    receiver = guarded.client(zmq.SUB, guarded.forecasts).subscribe()
    assert send_and_receive(guarded.client(zmq.PUSH, guarded.samples), receiver, "plain")
    for name in ["server", "other"]:
        guarded.server = Keys(world.directory / name, f"new-{name}")
        for socket_, one in zip(guarded.settings["inputs"] + guarded.settings["outputs"], curve):
            socket_["curve"] = {**one, "secret_key_file": str(guarded.server.secret_file)}
        guarded.daemon.file.write_text(json.dumps(guarded.settings))
        reload(guarded)
        receiver = guarded.client(zmq.SUB, guarded.forecasts, keys).subscribe()
        sender = guarded.client(zmq.PUSH, guarded.samples, keys)
        assert send_and_receive(sender, receiver, name)
        before = sum(guarded.refused().values())
        refused_client(guarded, "plaintext", zmq.PUSH, guarded.samples)
        end = time.monotonic() + WAIT_S
        while sum(guarded.refused().values()) == before:
            assert time.monotonic() < end, guarded.daemon.log()
            time.sleep(0.05)


def test_a_list_that_cannot_be_read_changes_nothing(world):
    guarded = Guarded(world)
    keys = guarded.admit(guarded.keys("alice"))
    guarded.start()
    (guarded.clients / "broken.key").write_text('public-key = "half of\n')
    ended = tool("reload", "--http", guarded.http)
    assert ended.returncode == 1 and "broken.key:1" in ended.stdout + ended.stderr
    receiver = guarded.client(zmq.SUB, guarded.forecasts, keys).subscribe()
    assert send_and_receive(guarded.client(zmq.PUSH, guarded.samples, keys), receiver)


# ---- the tool ----

def tool(*arguments, **options):
    return subprocess.run([ROLLCAST, *map(str, arguments)], capture_output=True, text=True,
                          timeout=WAIT_S, **options)


def curve_options(guarded, keys, server_key=None):
    return ["--certificate", keys.secret_file,
            "--server-key", server_key or guarded.server.public_file]


@pytest.mark.parametrize("by_file", [True, False])
def test_the_tool_speaks_to_a_guarded_daemon(world, by_file):
    guarded = Guarded(world)
    keys = guarded.admit(guarded.keys("alice"))
    guarded.start()
    how = curve_options(guarded, keys, None if by_file else guarded.server.public.decode())
    lines = "".join(f"load value={i % 7} {(EPOCH + i) * 10**9}\n" for i in range(30))
    sent = tool("pipe", "--connect", guarded.samples, *how, input=lines)
    assert sent.returncode == 0, sent.stderr
    seen = tool("watch", "--connect", guarded.forecasts, "--json", "--once", *how)
    assert seen.returncode == 0, seen.stderr
    assert json.loads(seen.stdout.splitlines()[0])["name"] == "load"


def test_replay_and_host_speak_to_a_guarded_daemon_too(world):
    guarded = Guarded(world)
    keys = guarded.admit(guarded.keys("alice"))
    guarded.start()
    receiver = guarded.client(zmq.SUB, guarded.forecasts, keys).subscribe()
    file = world.directory / "a.csv"
    file.write_text("time,load\n" + "".join(f"{EPOCH + i},{i % 5}\n" for i in range(30)))
    where = ["--connect", guarded.samples, *curve_options(guarded, keys)]
    replayed = tool("replay", file, "--speed", "max", *where)
    assert replayed.returncode == 0, replayed.stderr
    assert receiver.receive_until(lambda f: f["time"] >= EPOCH + 29)
    assert tool("host", "--count", "2", "--every", "50ms", *where).returncode == 0


@pytest.mark.parametrize("case, word", [
    ("key", "does not have this certificate among its clients"),
    ("plaintext", "and we cannot agree"),
])
def test_the_tool_says_why_it_is_refused(world, case, word):
    guarded = Guarded(world).start()
    how = [] if case == "plaintext" else curve_options(guarded, guarded.keys("mallory"))
    seen = tool("watch", "--connect", guarded.forecasts, "--json", "--seconds", "2", *how)
    assert seen.returncode == 1
    assert word in seen.stderr
    sent = tool("pipe", "--connect", guarded.samples, *how, input="load value=1\n")
    assert sent.returncode == 1
    assert word in sent.stderr and "lost: nobody takes them" in sent.stderr


@pytest.mark.parametrize("arguments, complaint", [
    (["--certificate", "x"], "--certificate and --server-key: both or none"),
    (["--server-key", "x"], "--certificate and --server-key: both or none"),
    (["--certificate", "x", "--server-key", "y", "--bind", "tcp://127.0.0.1:1"],
     "--certificate: for --connect, not for --bind"),
])
def test_half_of_the_options_is_no_encryption(arguments, complaint):
    ended = tool("host", *arguments)
    assert (ended.returncode, complaint in ended.stderr) == (2, True), ended.stderr


def test_keys_that_are_not_there_are_named(world):
    ended = tool("host", "--certificate", "nowhere", "--server-key", "nothing", cwd=world.directory)
    assert ended.returncode == 1
    assert "nothing: No such file or directory" in ended.stderr


def test_keygen_overwrites_nothing(tmp_path):
    first = tool("keygen", "--output", "a", "--name", "b", cwd=tmp_path)
    before = (tmp_path / "a.key_secret").read_bytes()
    assert first.returncode == 0 and len(first.stdout) == 41
    assert 'name = "b"' in before.decode() and first.stdout.strip() in before.decode()
    again = tool("keygen", "--output", "a", cwd=tmp_path)
    assert again.returncode == 1 and "exists, and is not overwritten" in again.stderr
    assert (tmp_path / "a.key_secret").read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.key", "a.key_secret"]
