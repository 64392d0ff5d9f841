"""Who may ask the daemon what over HTTP, and what a crowd, the slow and the huge do to it: nothing."""

import http.client
import socket
import subprocess
import time

import pytest

from rollcast import BUILD, WAIT_S, free_endpoint, run_rollcastd, settings
from test_sockets import CROWD, many_descriptors, start_refused, wait_until_closed  # noqa: F401

TRICKLE_S = 1
PATIENCE_S = 30


class Server:
    def __init__(self, world, **http):
        self.address = free_endpoint().removeprefix("tcp://")
        self.host, port = self.address.split(":")
        self.port = int(port)
        self.daemon, _, _ = world.push_pull(http={"listen": self.address, **http})

    def ask(self, method="GET", path="/-/ready", body=None, **headers):
        """Status and body."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=WAIT_S)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value
                                                    for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def connect(self):
        return socket.create_connection((self.host, self.port), timeout=WAIT_S)

    def send(self, data):
        """What comes back for bytes as they are, until the server closes."""
        with self.connect() as connection:
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                answer = b""
                while more := connection.recv(65536):
                    answer += more
                return answer
            except OSError:  # it was closed meanwhile
                return b""


@pytest.fixture
def server(world):
    return Server(world)


def test_a_name_that_was_made_to_point_here_gets_nothing(server):
    assert server.ask(Host=f"localhost:{server.port}")[0] == 200
    for path in ["/", "/metrics", "/api/streams"]:
        status, body = server.ask(path=path, Host=f"rebound.example:{server.port}")
        assert status == 421 and "http: {hosts: [NAME]}" in body


def test_a_name_that_is_listed_is_answered(world):
    server = Server(world, hosts=["stats.example"])
    assert server.ask(Host="stats.example")[0] == 200
    assert server.ask(Host="other.example")[0] == 421


def test_pages_of_other_origins_change_nothing(server):
    """There is nothing at this path to change; what counts is who is let through to be told so."""
    def post(**headers):
        return server.ask("POST", path="/nowhere", **headers)[0]

    assert post(Origin="http://evil.example") == 403
    assert post(Origin="null") == 403
    assert post(Sec_Fetch_Site="cross-site") == 403
    assert post(Origin=f"http://{server.address}") in (404, 405)
    assert post() in (404, 405)


def test_what_changes_something_needs_the_token_if_there_is_one(world):
    file = world.directory / "token"
    file.write_text("open sesame\n")
    file.chmod(0o600)
    server = Server(world, token_file=str(file))

    def post(**headers):
        return server.ask("POST", path="/nowhere", **headers)[0]

    assert server.ask()[0] == 200
    assert post() == 401
    assert post(Authorization="Bearer open sesam") == 401
    assert post(Authorization="Bearer open sesame") in (404, 405)
    file.write_text("changed\n")
    assert post(Authorization="Bearer open sesame") == 401
    assert post(Authorization="Bearer changed") in (404, 405)
    printed = run_rollcastd("--config", server.daemon.file, "--print-config")
    assert str(file) in printed.stdout
    assert "sesame" not in printed.stdout + server.daemon.log()


def test_a_reload_is_let_through_with_the_token_alone(world):
    file = world.directory / "token"
    file.write_text("open sesame\n")
    file.chmod(0o600)
    server = Server(world, token_file=str(file), hosts=["old.example"])
    right = {"Authorization": "Bearer open sesame"}
    assert server.ask("POST", path="/-/reload")[0] == 401
    assert server.ask("POST", path="/-/reload", Origin="http://evil.example", **right)[0] == 403
    assert server.ask("POST", path="/-/reload", Host="rebound.example", **right)[0] == 421
    assert "reload" not in server.daemon.log()
    server.daemon.file.write_text(server.daemon.file.read_text().replace("old.example", "new.example"))
    status, answer = server.ask("POST", path="/-/reload", **right)
    assert status == 200, answer
    assert server.ask(Host="new.example")[0] == 200
    assert server.ask(Host="old.example")[0] == 421
    tool = subprocess.run([BUILD / "rollcast", "reload", "--http", server.address, "--token-file", file],
                          capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert tool.returncode == 0, tool.stderr


def test_a_token_that_others_can_read_is_refused(world):
    file = world.directory / "token"
    file.write_text("open sesame\n")
    file.chmod(0o644)
    ended = start_refused(world.directory / "x", settings(
        [{"bind": free_endpoint()}], [{"bind": free_endpoint()}],
        http={"listen": free_endpoint().removeprefix("tcp://"), "token_file": str(file)}))
    assert ended.returncode == 1
    assert "http.token_file" in ended.stderr and "chmod 600" in ended.stderr


HEAD = b" HTTP/1.1\r\nHost: localhost\r\n"
HUGE = {
    "path": b"GET /" + b"a" * 100_000 + HEAD + b"\r\n",
    "header": b"GET /metrics" + HEAD + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "headers": b"GET /metrics" + HEAD + b"".join(b"X-%d: y\r\n" % i for i in range(100_000)) + b"\r\n",
    "arguments": b"GET /metrics?" + b"a=1&" * 50_000 + HEAD + b"\r\n",
    "body": b"POST /nowhere" + HEAD + b"Content-Length: 1000000000\r\n\r\n" + b"a" * 99_999,
    "chunk": b"POST /nowhere" + HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n" + b"a" * 0xfffff,
    "length": b"GET /metrics" + HEAD + b"Content-Length: -1\r\n\r\n",
    "bytes": bytes(range(256)) * 400,
}


@pytest.mark.parametrize("what", HUGE)
def test_what_is_too_large_or_no_request_is_refused(server, what):
    answer = server.send(HUGE[what])
    assert answer == b"" or answer.split()[1].startswith(b"4"), answer[:200]
    assert server.ask()[0] == 200


def test_a_crowd_that_says_nothing_keeps_nobody_out(server, many_descriptors):  # noqa: F811
    crowd = []
    try:
        for i in range(CROWD):
            crowd.append(server.connect())
            if i % 100 == 99:
                assert server.ask()[0] == 200
        wait_until_closed(crowd)
    finally:
        for one in crowd:
            one.close()


def trickle(connections):
    """A byte of a header each; those that are closed are left out from then on."""
    for connection in list(connections):
        try:
            connection.sendall(b"a")
        except OSError:
            connections.remove(connection)


def test_requests_that_never_end_keep_nobody_out_and_have_to_go(server):
    """As many as the server takes, each of which sends a byte now and then, so that it is never idle."""
    slow = [server.connect() for _ in range(200)]
    everybody = list(slow)
    try:
        for connection in slow:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ")
        end = time.monotonic() + 2 * PATIENCE_S + WAIT_S
        while slow:
            assert time.monotonic() < end, f"{len(slow)} are still there"
            trickle(slow)
            assert server.ask()[0] == 200
            time.sleep(TRICKLE_S)
    finally:
        for connection in everybody:
            connection.close()
