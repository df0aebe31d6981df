"""The marker test of the sealing specification: what people said and who they are is nowhere in the gateway."""

import base64
import glob
import os
import subprocess
import threading
import urllib.parse

from people import react, room_of_three, say, wait_for_text
from stack import NETWORKS, PEOPLE, Stack, http, wait_until

TEXT = "zebra-quartz-telegram"
NAMES = {"whatsapp": "Markeranaxq", "messenger": "Markerbenxq", "instagram": "Markercleoxq"}


def encodings(marker):
    """The marker as the specification lists it: plain, base64 at each alignment, hex, UTF-16, URL."""
    raw = marker.encode()
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield marker.encode("utf-16-le")
    yield marker.encode("utf-16-be")
    quoted = "".join(f"%{b:02X}" for b in raw).encode()
    yield quoted
    if urllib.parse.quote(marker).encode() != raw:
        yield urllib.parse.quote(marker).encode()
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + raw)
        core = text[(4 if shift else 0):len(text) - 4]   # without the characters that depend on the neighbours
        if len(core) >= 8:
            yield core
            yield core.replace(b"+", b"-").replace(b"/", b"_")


def find_markers(data, markers, where):
    found = []
    for marker in markers:
        for form in encodings(marker):
            if form in data:
                found.append(f"{marker!r} as {form[:24]!r} in {where}")
    return found


class Tap:
    """A TCP relay that keeps what passes: the captured frames of one peer."""

    def __init__(self, listen, forward):
        import socket
        self.bytes = bytearray()
        self.server = socket.create_server(("127.0.0.1", listen))
        self.forward = forward
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        import socket
        while True:
            near, _ = self.server.accept()
            try:
                far = socket.create_connection(("127.0.0.1", self.forward))
            except OSError:  # the gateway is not up yet: they come again
                near.close()
                continue
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    def pump(self, source, sink):
        try:
            while data := source.recv(65536):
                self.bytes += data
                sink.sendall(data)
        except OSError:
            pass
        finally:
            sink.close()


def test_markers_are_nowhere_in_gateway_memory_store_logs_metrics_and_captured_frames():
    with Stack(env={"TREFOIL_ALLOW_CORE_DUMPS": "true", "TREFOIL_LOG_LEVEL": "debug"}) as stack:
        tap = Tap(stack.base + 2, stack.base)
        stack.start("gateway")
        stack.start("sandbox")
        for network in NETWORKS:
            stack.start(network, env={"TREFOIL_GATEWAY_ENDPOINT": f"tcp://127.0.0.1:{stack.base + 2}"})
        stack.wait_ready()
        for network, name in NAMES.items():
            stack.control("people", {"network": network, "user_id": PEOPLE[network], "name": name})
        room_of_three(stack)
        ids = []
        for network in NETWORKS:
            for i in range(10):
                ids.append(say(stack, network, f"{TEXT} {network} {i}."))
        for network in NETWORKS:
            for other in NETWORKS:
                if other != network:
                    bubble = wait_for_text(stack, other, f"{TEXT} {network} 9.")
                    ids.append(bubble["id"])
        react(stack, "instagram", wait_for_text(stack, "instagram", f"{TEXT} whatsapp 1.")["id"], "\u2764\ufe0f")

        markers = [TEXT, *NAMES.values(), *PEOPLE.values(), *(str(i) for i in ids[::6])]   # every sixth id: the search is slow
        core = os.path.join(stack.dir, "gateway.core")
        subprocess.run(["gdb", "--batch", "-p", str(stack.pid("gateway")), "-ex", f"gcore {core}"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        assert os.path.getsize(core) > 1 << 20, "the core dump is empty"
        found = []
        found += find_markers(open(core, "rb").read(), markers, "the gateway's memory")
        for path in glob.glob(os.path.join(stack.dir, "store/**"), recursive=True):
            if os.path.isfile(path):
                found += find_markers(open(path, "rb").read(), markers, "the store")
        for path in glob.glob(os.path.join(stack.dir, "log/*.log")):
            if "sandbox" not in path:   # the sandbox plays the networks: it may know
                found += find_markers(open(path, "rb").read(), markers, os.path.basename(path))
        for name in ("gateway", *NETWORKS):
            found += find_markers(http("GET", stack.admin_url(name) + "/metrics")[1], markers, f"{name} /metrics")
        assert len(tap.bytes) > 10000, "nothing was captured"
        found += find_markers(bytes(tap.bytes), markers, "the captured frames")
        assert not found, "\n".join(found[:20])

        # the test can fail: a translator does hold what people said
        translator = os.path.join(stack.dir, "whatsapp.core")
        subprocess.run(["gdb", "--batch", "-p", str(stack.pid("whatsapp")), "-ex", f"gcore {translator}"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        assert find_markers(open(translator, "rb").read(), [TEXT], "a translator"), "the search finds nothing anywhere"


def test_secrets_are_not_in_logs_metrics_and_the_process_list():
    with Stack(env={"TREFOIL_LOG_LEVEL": "debug"}) as stack:
        stack.start_all()
        room_of_three(stack)
        say(stack, "whatsapp", "something to send")
        wait_for_text(stack, "messenger", "something to send")
        secrets = [open(p).read().strip() for p in glob.glob(os.path.join(stack.dir, "secrets/*"))]
        found = []
        for path in glob.glob(os.path.join(stack.dir, "log/*.log")):
            found += find_markers(open(path, "rb").read(), secrets, os.path.basename(path))
        for name in ("gateway", *NETWORKS):
            found += find_markers(http("GET", stack.admin_url(name) + "/metrics")[1], secrets, f"{name} /metrics")
            found += find_markers(open(f"/proc/{stack.pid(name)}/cmdline", "rb").read(), secrets, f"{name} command line")
        assert not found, "\n".join(found)
        for name in ("gateway", *NETWORKS):
            assert open(f"/proc/{stack.pid(name)}/status").read(), name
            limits = open(f"/proc/{stack.pid(name)}/limits").read()
            assert "Max core file size        0 " in limits, f"{name} may dump core"
