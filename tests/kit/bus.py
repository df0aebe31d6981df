"""A peer of the bus that can misbehave: raw frames over a real CURVE socket. Never uses libtrefoil."""

import os
import struct

import zmq
from zmq.utils import z85


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    """One protobuf field: an int, bytes or text."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def fields(data):
    """[(number, int or bytes)] of a protobuf message; raises on anything else."""
    out, at = [], 0

    def take():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = take()
        kind = key & 7
        if kind == 0:
            out.append((key >> 3, take()))
        elif kind == 2:
            size = take()
            assert at + size <= len(data)
            out.append((key >> 3, data[at:at + size]))
            at += size
        elif kind == 1:
            out.append((key >> 3, struct.unpack("<Q", data[at:at + 8])[0]))
            at += 8
        else:
            raise ValueError(f"wire type {kind}")
    return out


def first(data, number, default=b""):
    return next((v for n, v in fields(data) if n == number), default)


# numbers of control.proto's Frame
HELLO, WELCOME, PUBLISH, CONFIRM, SUBSCRIBE, SUBSCRIBED, DELIVER, ACK, CREDIT = 1, 2, 3, 4, 5, 6, 7, 8, 10
ROSTER_GET, ROSTER_IS, ERROR, PAUSE = 14, 15, 21, 22
START_NEW, START_EARLIEST = 1, 2


def keyring(stack, service):
    """The members of a service's keyring by number (see trust.proto)."""
    with open(os.path.join(stack.dir, "trust/keys", service + ".keyring"), "rb") as file:
        return dict(fields(file.read()))


def channels(bundle):
    """{name: id} of the roster in a trust bundle."""
    roster = first(first(bundle, 1), 1)
    return {first(c, 2).decode(): first(c, 1) for n, c in fields(roster) if n == 7}


class Peer:
    """A DEALER that sends what it is told."""

    def __init__(self, stack, service="echo-bot", keys=None, server=None):
        ring = keyring(stack, service)
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        public, secret = keys or (z85.encode(ring[8]), z85.encode(ring[7]))
        self.socket.curve_publickey, self.socket.curve_secretkey = public, secret
        self.socket.curve_serverkey = z85.encode(server or ring[9])
        self.socket.connect(f"tcp://127.0.0.1:{stack.base}")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.socket.close()
        self.context.term()

    def send(self, frame):
        self.socket.send(frame)

    def hello(self, service="echo-bot", low=1, high=1, max_batch=None):
        said = b"" if max_batch is None else field(7, max_batch)
        self.send(field(HELLO, field(1, low) + field(2, high) + field(3, service) + field(4, os.urandom(8)) + field(6, "test") + said))

    def read(self, channel, name, credit=100, start=START_NEW):
        """A subscription to everything in the channel from there on, of which so much may be out."""
        self.send(field(SUBSCRIBE, field(1, channel) + field(2, name) + field(3, 2) + field(4, start) + field(6, 1)))
        assert self.wait_for(SUBSCRIBED)
        self.send(field(CREDIT, field(1, credit) + field(2, credit << 16)))

    def deliveries(self, timeout_ms=5000):
        """[(seq, envelope)] of the next Deliver, acknowledged; nothing when none came in time."""
        body = self.wait_for(DELIVER, timeout_ms)
        got = [(first(d, 1, 0), first(d, 2)) for n, d in fields(body or b"") if n == 2]
        for seq, _ in got:
            self.send(field(ACK, field(1, 1) + field(2, field(1, seq) + field(2, 1))))
        return got

    def receive(self, timeout_ms=3000):
        """(frame number, body), or None when nothing came."""
        if not self.socket.poll(timeout_ms):
            return None
        return fields(self.socket.recv())[0]

    def wait_for(self, number, timeout_ms=5000):
        """The body of the first frame of this number; others are passed over."""
        while True:
            frame = self.receive(timeout_ms)
            if frame is None:
                return None
            if frame[0] == number:
                return frame[1]
