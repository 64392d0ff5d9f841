#!/usr/bin/env python3
"""Alerts as they are raised and cleared: alerts.py ENDPOINT [COMMAND [ARGUMENT...]]

ENDPOINT is an output with `content: alerts`. Each alert is a line; COMMAND is run for it, with the line behind its
arguments and the alert as JSON on its standard input: to send a mail, to page somebody, to add a machine. Alerts
that stood before this program came are told to it first; it needs python3-zmq and python3-msgpack.
"""

import json
import subprocess
import sys

import msgpack
import zmq


def sentence(alert):
    tags = ",".join(f'{key}="{value}"' for key, value in sorted(alert["tags"].items()))
    stream = alert["name"] + (f"{{{tags}}}" if tags else "")
    # After a restart the limit may not be known yet, if it is another stream's value.
    limit = "its limit" if alert["limit"] is None else f"{alert['limit']:g}"
    if alert["state"] == "cleared":
        return f"cleared: {alert['threshold']}: {stream} is not expected to reach {limit}"
    said = f"raised: {alert['threshold']}: {stream} reaches {limit}"
    if alert["seconds"] is not None:
        said += f" in about {alert['seconds'] / 60:.0f} min"
    if alert["probability"] is not None:
        said += f", with a probability of {alert['probability']:.0%}"
    return said


def main(endpoint, *command):
    socket = zmq.Context().socket(zmq.SUB)
    socket.connect(endpoint)
    socket.subscribe(b"")
    while True:
        alert = msgpack.unpackb(socket.recv_multipart()[1])
        said = sentence(alert)
        print(said, flush=True)
        if command:
            subprocess.run([*command, said], input=json.dumps(alert).encode(), check=False, timeout=60)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        pass
