"""A gateway that is known by a name, and a name server that stops answering. Each lookup then takes two and a half
minutes, longer than anything here waits: whoever waits for one is found out."""

import os
import signal
import socket
import struct
import subprocess
import threading

from people import room_of_three, say, wait_for_text
from stack import NETWORKS, Skip, Stack, wait_until

NAME = "gateway.trefoil.test"
SERVER = "127.0.0.77"   # every address of 127/8 is this machine's


class NameServer:
    """Knows one name, 127.0.0.1, in IPv4 only; says nothing at all while `silent`. Use as a context manager."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.bind((SERVER, 53))
        except PermissionError as error:
            raise Skip(f"cannot be a name server here (needs root): {error}") from error
        self.silent = False
        self.unanswered = 0

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", (SERVER, 53))
        self.thread.join()
        self.socket.close()

    def serve(self):
        while True:
            question, sender = self.socket.recvfrom(512)
            if not question:
                return
            if self.silent:
                self.unanswered += 1
                continue
            end = question.index(b"\0", 12) + 5
            is_four = question[end - 4:end - 2] == b"\0\1"
            head = question[:2] + struct.pack(">HHHHH", 0x8180, 1, is_four, 0, 0)
            address = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton("127.0.0.1")
            self.socket.sendto(head + question[12:end] + (address if is_four else b""), sender)


def start(stack, network):
    """The translator, in a mount namespace of its own in which our server is the only one."""
    conf = os.path.join(stack.dir, "resolv.conf")
    with open(conf, "w") as file:
        file.write(f"nameserver {SERVER}\noptions timeout:30 attempts:5\n")
    command = [os.path.join(stack.bin, "trefoil-" + network), "--config", os.path.join(stack.dir, "config", network + ".yaml")]
    inside = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', conf]
    if subprocess.run([*inside, "true"], capture_output=True).returncode != 0:
        raise Skip("cannot give a process name servers of its own here (needs root)")
    stack.spawn(network, [*inside, *command])


def test_gateway_is_found_again_although_no_name_server_answers():
    with NameServer() as server, Stack(env={"TREFOIL_STACK_GATEWAY": NAME}) as stack:
        stack.start("gateway")
        stack.start("sandbox")
        for network in NETWORKS:
            start(stack, network)
        stack.wait_ready()
        room_of_three(stack)
        server.silent = True
        stack.kill("gateway")
        wait_until(lambda: not any(stack.ready(network) for network in NETWORKS), "the loss is noticed")
        wait_until(lambda: server.unanswered >= len(NETWORKS), "each has asked for the name in vain")
        stack.start("gateway")
        stack.wait_ready()
        say(stack, "whatsapp", "without a name")
        for other in ("messenger", "instagram"):
            wait_for_text(stack, other, "without a name")


def test_translator_exits_when_asked_to_although_no_name_server_answers():
    with NameServer() as server, Stack(env={"TREFOIL_STACK_GATEWAY": NAME}) as stack:
        server.silent = True
        start(stack, "whatsapp")
        wait_until(lambda: server.unanswered > 0, "it has asked for the name")
        process = stack.processes["whatsapp"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
