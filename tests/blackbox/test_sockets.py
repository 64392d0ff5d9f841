"""Sockets as such: unix sockets are whose they should be, and no crowd keeps others out."""

import grp
import os
import resource
import socket
import stat
import time
import urllib.request

import pytest
import zmq

from rollcast import EPOCH, WAIT_S, free_endpoint, run_rollcastd, settings

CROWD = 1000


def ipc_settings(samples, forecasts, **ipc):
    return settings([{"type": "pull", "bind": samples, "ipc": ipc}],
                    [{"bind": forecasts, "ipc": ipc}])


def flow(world, samples, forecasts):
    receiver = world.client(zmq.SUB, connect=forecasts).subscribe()
    sender = world.client(zmq.PUSH, connect=samples)
    sender.send_values("load", range(30))
    assert receiver.receive_until(lambda f: f["time"] >= EPOCH + 29)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
@pytest.mark.parametrize("ipc, mode", [({}, 0o600), ({"mode": "0660"}, 0o660),
                                       ({"mode": "666"}, 0o666)])
def test_unix_sockets_have_the_mode_that_is_set_whatever_the_umask(world, ipc, mode, mask):
    samples, forecasts = (world.directory / name for name in ["samples", "forecasts"])
    before = os.umask(mask)
    try:
        world.daemon(ipc_settings(f"ipc://{samples}", f"ipc://{forecasts}", **ipc))
    finally:
        os.umask(before)
    for path in [samples, forecasts]:
        status = os.stat(path)
        assert stat.S_ISSOCK(status.st_mode) and stat.S_IMODE(status.st_mode) == mode
    flow(world, f"ipc://{samples}", f"ipc://{forecasts}")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give files away")
def test_unix_sockets_have_the_group_that_is_set(world):
    group = grp.getgrgid(65534) if 65534 in [g.gr_gid for g in grp.getgrall()] else grp.getgrall()[-1]
    path = world.directory / "samples"
    world.daemon(ipc_settings(f"ipc://{path}", free_endpoint(), mode="0660", group=group.gr_name))
    assert os.stat(path).st_gid == group.gr_gid
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660


def start_refused(directory, settings_):
    import json
    directory.mkdir(exist_ok=True)
    (directory / "rollcast.yaml").write_text(json.dumps(settings_))
    return run_rollcastd("--config", directory / "rollcast.yaml", cwd=directory)


def test_a_group_that_does_not_exist_is_named(world):
    ended = start_refused(world.directory / "x", ipc_settings(
        f"ipc://{world.directory}/samples", free_endpoint(), group="nobody-has-this"))
    assert ended.returncode == 1
    assert 'there is no group "nobody-has-this"' in ended.stderr


def test_a_unix_socket_that_somebody_uses_is_not_taken_over(world):
    path = world.directory / "samples"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen(1)
        ended = start_refused(world.directory / "x", ipc_settings(f"ipc://{path}", free_endpoint()))
        assert ended.returncode == 1 and "Address already in use" in ended.stderr
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))  # it is still the other's


def test_a_unix_socket_that_was_left_behind_is_used_again(world):
    path = world.directory / "samples"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    forecasts = free_endpoint()
    world.daemon(ipc_settings(f"ipc://{path}", forecasts))
    flow(world, f"ipc://{path}", forecasts)


@pytest.mark.parametrize("make", [lambda path: path.write_text("precious"), os.mkdir])
def test_what_is_no_socket_is_not_removed(world, make):
    path = world.directory / "samples"
    make(path)
    ended = start_refused(world.directory / "x", ipc_settings(f"ipc://{path}", free_endpoint()))
    assert ended.returncode == 1 and "File exists" in ended.stderr
    assert path.exists() and not path.is_socket()


def test_an_abstract_socket_has_no_file(world):
    samples, forecasts = f"ipc://@rollcast-{os.getpid()}", free_endpoint()
    world.daemon(ipc_settings(samples, forecasts))
    flow(world, samples, forecasts)
    assert not (world.directory / "daemon0" / samples.removeprefix("ipc://")).exists()


@pytest.fixture
def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 3 * CROWD:
        pytest.skip(f"no more than {hard} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def is_closed(connection):
    connection.setblocking(False)
    try:
        while connection.recv(4096):
            pass
        return True
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def wait_until_closed(crowd, limit_s=WAIT_S):
    end = time.monotonic() + limit_s
    while left := [one for one in crowd if not is_closed(one)]:
        assert time.monotonic() < end, f"{len(left)} are still there"
        time.sleep(0.2)


def test_a_crowd_that_never_speaks_is_sent_away_and_keeps_nobody_out(world, many_descriptors):
    """1,000 on the input, 1,000 on the output; meanwhile others come, are served, and HTTP answers."""
    samples, forecasts = free_endpoint(), free_endpoint()
    http = free_endpoint().removeprefix("tcp://")
    world.daemon(settings([{"type": "pull", "bind": samples}], [{"bind": forecasts}],
                          http={"listen": http}))
    crowd = []
    try:
        for endpoint in [samples, forecasts]:
            host, port = endpoint.removeprefix("tcp://").split(":")
            crowd += [socket.create_connection((host, int(port)), timeout=WAIT_S)
                      for _ in range(CROWD)]
        flow(world, samples, forecasts)
        with urllib.request.urlopen(f"http://{http}/-/healthy", timeout=WAIT_S) as answer:
            assert answer.status == 200
        wait_until_closed(crowd)
    finally:
        for one in crowd:
            one.close()
