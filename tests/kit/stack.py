"""A whole Trefoil system of real processes, for tests: made, started, killed, asked. Never decides what is right."""

import ctypes
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NETWORKS = ("whatsapp", "messenger", "instagram")
ACCOUNTS = {
    "whatsapp": "whatsapp/106540000000002",
    "messenger": "messenger/104500000000003",
    "instagram": "instagram/17841400000000005",
}
PEOPLE = {"whatsapp": "15551230001", "messenger": "6543210000000004", "instagram": "1234500000000006"}
REPORT = re.compile(r"WARNING: ThreadSanitizer|ERROR: (Address|Leak)Sanitizer|: runtime error: ")
OFFSETS = {"whatsapp": 11, "messenger": 21, "instagram": 31}

_libc = ctypes.CDLL(None)


def _die_with_parent():
    _libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: no test leaves processes behind


def _dies_with_us():
    # the signal comes when the spawning *thread* ends: only the main one lives as long as we do
    return _die_with_parent if threading.current_thread() is threading.main_thread() else None


def free_port_base():
    """A base whose ports (base … base + 90) are free just now, below those that connections going out take for themselves."""
    base = 20000 + (os.getpid() * 97) % 12600
    for _ in range(200):
        base = 20000 + (base + 101 - 20000) % 12600
        sockets = []
        try:
            for offset in list(range(0, 3)) + list(range(11, 16)) + list(range(21, 26)) + list(range(31, 36)) + [80]:
                s = socket.socket()
                sockets.append(s)
                s.bind(("127.0.0.1", base + offset))
            return base
        except OSError:
            continue
        finally:
            for s in sockets:
                s.close()
    raise RuntimeError("no free ports")


class Skip(Exception):
    """Raised by a test that cannot run on this machine; the reason is printed."""


def http(method, url, body=None, headers=None, timeout=10):
    """(status, bytes); status 0 when nobody answered."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def wait_until(question, what, timeout=30.0, pause=0.05):
    """Asks until the answer is true; AssertionError names what never came."""
    end = time.monotonic() + timeout
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"never within {timeout:g} s: {what() if callable(what) else what}")
        time.sleep(pause)


class Stack:
    """Use as a context manager: everything is killed and removed at the end (kept when KEEP is set)."""

    def __init__(self, bin_dir=None, env=None):
        self.bin = os.path.abspath(bin_dir or os.environ.get("TREFOIL_BIN") or os.path.join(TOP, "build/release/bin"))
        self.dir = tempfile.mkdtemp(prefix="trefoil-test-", dir=os.environ.get("TREFOIL_TEST_DIR"))
        self.base = free_port_base()
        self.env = dict(os.environ, **(env or {}))
        self.env.setdefault("TSAN_OPTIONS", f"suppressions={TOP}/tests/tsan.supp")  # for such a build only
        self.processes = {}
        self.commands = {}
        subprocess.run([os.path.join(TOP, "deploy/make-stack"), self.dir, str(self.base), self.bin],
                       check=True, env=self.env, stdin=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for name in list(self.processes):
            self.kill(name)
        if kind is None:
            self._check_sanitizers()
        if kind is None and not os.environ.get("KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)
        elif kind is not None:
            print(f"--- the system's files are kept in {self.dir}")
            for name in sorted(os.listdir(os.path.join(self.dir, "log"))):
                with open(os.path.join(self.dir, "log", name), errors="replace") as log:
                    tail = log.readlines()[-8:]
                print(f"--- {name}\n" + "".join(tail))
        return False

    def _check_sanitizers(self):
        """A process may go on after a sanitizer's report, and we kill it before it exits: the logs tell."""
        for name in sorted(os.listdir(os.path.join(self.dir, "log"))):
            with open(os.path.join(self.dir, "log", name), errors="replace") as log:
                lines = log.readlines()
            at = next((i for i, line in enumerate(lines) if REPORT.search(line)), None)
            assert at is None, f"{name} in {self.dir}:\n" + "".join(lines[at:at + 40])

    # --- processes

    def spawn(self, name, command, env=None):
        log = open(os.path.join(self.dir, "log", name + ".log"), "ab")
        self.commands[name] = (command, env)
        self.processes[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                env=dict(self.env, **(env or {})), preexec_fn=_dies_with_us())
        log.close()
        return self.processes[name]

    def start(self, name, replica=1, env=None):
        """gateway, sandbox or a network; replica 2, 3 … of a network get ports of their own."""
        extra = dict(env or {})
        config = os.path.join(self.dir, "config", name + ".yaml")
        key = name if replica == 1 else f"{name}-{replica}"
        if replica > 1:
            port = self.base + OFFSETS[name] + 2 * (replica - 1)
            extra.update(TREFOIL_WEBHOOK_PORT=str(port), TREFOIL_ADMIN_PORT=str(port + 1))
        self.spawn(key, [os.path.join(self.bin, "trefoil-" + name), "--config", config], extra)
        return key

    def start_all(self):
        self.start("gateway")
        self.start("sandbox")
        for network in NETWORKS:
            self.start(network)
        self.wait_ready()
        return self

    def again(self, name):
        command, env = self.commands[name]
        return self.spawn(name, command, env)

    def kill(self, name, how=signal.SIGKILL):
        process = self.processes.pop(name, None)
        if process and process.poll() is None:
            process.send_signal(how)
            process.wait(timeout=30)
        return process.returncode if process else None

    def pid(self, name):
        return self.processes[name].pid

    # --- addresses of the parts

    def admin_url(self, name, replica=1):
        if name == "gateway":
            return f"http://127.0.0.1:{self.base + 1}"
        return f"http://127.0.0.1:{self.base + OFFSETS[name] + 2 * (replica - 1) + 1}"

    def webhook_url(self, name, replica=1):
        return f"http://127.0.0.1:{self.base + OFFSETS[name] + 2 * (replica - 1)}/webhook"

    def sandbox_url(self, path=""):
        return f"http://127.0.0.1:{self.base + 80}{path}"

    def ready(self, name, replica=1):
        return http("GET", self.admin_url(name, replica) + "/readyz", timeout=2)[0] == 200

    def wait_ready(self, names=("gateway",) + NETWORKS, timeout=40):
        for name in names:
            wait_until(lambda: self.ready(name), f"{name} ready", timeout)
        wait_until(lambda: http("GET", self.sandbox_url("/control/state"), timeout=2)[0] == 200, "sandbox up", timeout)

    def metrics(self, name, replica=1):
        """{'metric{labels}': value}"""
        status, text = http("GET", self.admin_url(name, replica) + "/metrics")
        assert status == 200, f"{name} /metrics answers {status}"
        out = {}
        for line in text.decode().splitlines():
            if line and not line.startswith("#"):
                key, value = line.rsplit(" ", 1)
                out[key] = float(value)
        return out

    def metric(self, name, metric, **labels):
        """The sum over all series of a metric whose labels contain the given ones."""
        total = 0.0
        for key, value in self.metrics(name).items():
            if key.split("{")[0] == metric and all(f'{k}="{v}"' in key for k, v in labels.items()):
                total += value
        return total

    # --- the sandbox

    def control(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        status, reply = http(method or ("GET" if body is None else "POST"), self.sandbox_url("/control/" + path), data,
                             {"Content-Type": "application/json"})
        assert status == 200, f"sandbox /control/{path} answers {status}: {reply[:300]!r}"
        return json.loads(reply) if reply else {}

    # --- the command line

    def cli(self, *arguments, check=True, timeout=60, keyring="admin"):
        done = subprocess.run(
            [os.path.join(self.bin, "trefoil"), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=timeout, env=dict(self.env, TREFOIL_KEYRING=os.path.join(self.dir, "trust/keys", keyring + ".keyring"),
                                      TREFOIL_GATEWAY=f"tcp://127.0.0.1:{self.base}"))
        if check and done.returncode != 0:
            raise AssertionError(f"trefoil {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def make_room(self, name, *addresses):
        """Addresses as (network, user id)."""
        self.cli("room", "create", name)
        for network, user in addresses:
            self.cli("room", "join", name, f"{ACCOUNTS[network]}/{user}")

    def audit(self):
        done = self.cli("audit", check=False)
        return done.returncode == 0, done.stdout + done.stderr
