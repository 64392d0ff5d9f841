import pytest
import zmq

from rollcast import Client, Daemon, free_endpoint, settings


class World:
    """Makes daemons and clients for one test, and ends them after it."""

    def __init__(self, directory):
        self.directory = directory
        self.daemons, self.clients = [], []

    def daemon(self, settings_):
        daemon = Daemon(self.directory / f"daemon{len(self.daemons)}", settings_)
        self.daemons.append(daemon)
        return daemon

    def client(self, kind, **how):
        client = Client(kind, **how)
        self.clients.append(client)
        return client

    def push_pull(self, **more):
        """A daemon that takes from a PULL socket and deals out to one: loses nothing either way."""
        samples, forecasts = free_endpoint(), free_endpoint()
        daemon = self.daemon(settings([{"type": "pull", "bind": [samples]}],
                                      [{"type": "push", "connect": [forecasts]}], **more))
        return (daemon, self.client(zmq.PUSH, connect=samples),
                self.client(zmq.PULL, bind=forecasts))

    def finish(self):
        for client in self.clients:
            client.close()
        statuses = []
        for daemon in self.daemons:
            try:
                statuses.append(daemon.stop())
            except AssertionError as trouble:
                statuses.append(str(trouble))
            print(f"---- {daemon.log_file}\n{daemon.log()}")  # shown if the test fails
        return statuses


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    statuses = world.finish()
    assert all(status == 0 for status in statuses), statuses
