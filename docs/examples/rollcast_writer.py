"""A writer for collectd's python plugin: every value list becomes a message of msgpack over ZeroMQ.

    <LoadPlugin python>
      Globals true
    </LoadPlugin>
    <Plugin python>
      ModulePath "/etc/collectd"
      Import "rollcast_writer"
      <Module rollcast_writer>
        Endpoint "tcp://127.0.0.1:5556"
      </Module>
    </Plugin>

It needs Python's zmq and msgpack, and an input of type pull. Values that are counters arrive as they are:
give their streams `aggregate: rate`.
"""

import collectd
import msgpack
import zmq

endpoint = "tcp://127.0.0.1:5556"
socket = None


def configure(config):
    global endpoint
    for entry in config.children:
        if entry.key == "Endpoint":
            endpoint = entry.values[0]


def start():
    global socket
    socket = zmq.Context.instance().socket(zmq.PUSH)
    socket.setsockopt(zmq.SNDHWM, 10000)
    socket.setsockopt(zmq.LINGER, 1000)
    socket.connect(endpoint)


def write(values):
    sources = collectd.get_dataset(values.type)
    name = values.plugin if values.plugin == values.type else f"{values.plugin}_{values.type}"
    tags = {"host": values.host, "plugin_instance": values.plugin_instance,
            "type_instance": values.type_instance}
    samples = [{"name": name if source[0] == "value" else f"{name}_{source[0]}", "tags": tags,
                "time": values.time, "value": value}
               for source, value in zip(sources, values.values)]
    try:
        socket.send(msgpack.packb(samples), zmq.DONTWAIT)
    except zmq.Again:
        pass  # nobody takes them: newer ones matter more


collectd.register_config(configure)
collectd.register_init(start)
collectd.register_write(write)
