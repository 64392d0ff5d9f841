#!/usr/bin/env python3
"""Forecasts as they are published: subscribe.py [ENDPOINT [TOPIC]]

Needs python3-zmq and python3-msgpack. TOPIC is the beginning of a stream's name; only those travel. A number
missing in the sequence is a message that this subscriber was too slow for; with a TOPIC others' numbers are
missing too, and nothing can be said.
"""

import struct
import sys

import msgpack
import zmq


def interval(forecast):
    """The widest one at the end of the horizon."""
    levels = sorted(forecast["quantiles"], key=float)
    return forecast["quantiles"][levels[0]][-1], forecast["quantiles"][levels[-1]][-1]


def main(endpoint="tcp://127.0.0.1:5557", topic=""):
    socket = zmq.Context().socket(zmq.SUB)
    socket.setsockopt(zmq.RCVHWM, 100000)
    socket.connect(endpoint)
    socket.subscribe(topic.encode())
    before = 0
    while True:
        stream, payload, number = socket.recv_multipart()
        forecast = msgpack.unpackb(payload)
        (sequence,) = struct.unpack("<Q", number)
        if before and sequence > before + 1 and not topic:
            print(f"{sequence - before - 1} messages were lost", file=sys.stderr)
        before = sequence or before  # 0: the newest forecast of a stream, for a new subscriber
        low, high = interval(forecast)
        ahead = len(forecast["mean"]) * forecast["step"]
        print(f"{stream.decode()}: {forecast['last']:g} now, {low:g} to {high:g} in {ahead:g} s", flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        pass
