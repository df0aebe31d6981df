"""A gateway, one translator and the network behind it, all on this machine. Never decides what is right."""

import hashlib
import hmac
import http.client
import json
import os
import secrets
import signal
import subprocess
import tempfile
import threading

from network import Network
from stack import TOP, Stack, free_port_base, http as ask, wait_until


class World(Stack):
    """Like the stack of the system tests, with one translator of which nothing is known but its testdata."""

    def __init__(self, name, binary, testdata, bin_dir=None):
        self.bin = os.path.abspath(bin_dir or os.environ.get("TREFOIL_BIN") or os.path.join(TOP, "build/release/bin"))
        self.name, self.binary, self.testdata = name, binary, testdata
        self.dir = tempfile.mkdtemp(prefix="trefoil-conformance-", dir=os.environ.get("TREFOIL_TEST_DIR"))
        self.base = free_port_base()
        self.env = dict(os.environ)
        self.env.setdefault("TSAN_OPTIONS", f"suppressions={TOP}/tests/tsan.supp")
        self.processes, self.commands = {}, {}
        self.network = Network(testdata.accepted())
        self.secret = secrets.token_hex(16).encode()
        self.local = threading.local()
        self.cases, self.people, self.long, self.memory_max_kb = [], None, False, 0
        self._make()

    def __exit__(self, *what):
        self.network.close()
        return super().__exit__(*what)

    def _write(self, path, text):
        path = os.path.join(self.dir, path)
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        return path

    def _make(self):
        os.makedirs(os.path.join(self.dir, "log"))
        os.makedirs(os.path.join(self.dir, "store"))
        services = ",".join([f"{self.name}={self.name}/{a}" for a in self.testdata.accounts] + ["speaker"])
        run = lambda *words: subprocess.run([os.path.join(self.bin, "trefoil"), *words], check=True, env=self.env,
                                            stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        trust = os.path.join(self.dir, "trust")
        run("init", trust, "--channel", "main", "--services", services)
        run("roster", "add", "reader", "--role", "service,addresses", "--dir", trust, "--keyring", trust + "/keys/admin.keyring")
        with open(os.path.join(trust, "root.pub")) as file:
            root = file.read().strip()
        self._write("config/gateway.yaml", f"""bus_endpoint: tcp://127.0.0.1:{self.base}
admin_port: {self.base + 1}
store_dir: {self.dir}/store
keyring_file: {trust}/keys/gateway.keyring
bundle_file: {trust}/trust.bundle
root_pk: {root}
""")
        self._write("secrets/token", "token-of-the-driver\n")
        self._write("secrets/verify", "verify-of-the-driver\n")
        self._write("secrets/app", self.secret.decode() + "\n")
        with_files = self._configuration() + f"""blob_store: {self.dir}/blobs
media_max_bytes: {128 << 20}
media_allow: ["127.0.0.1:{self.network.port}"]
"""
        os.makedirs(os.path.join(self.dir, "blobs"))
        path = self._write("config/with-files.yaml", with_files)
        done = subprocess.run([self.binary, "--config", path, "--check-config"], env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.has_files = done.returncode == 0
        path = self._write("config/without-converter.yaml", with_files + 'converter: ""\n')
        done = subprocess.run([self.binary, "--config", path, "--check-config"], env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.has_converter_key = done.returncode == 0
        self._write("config/translator.yaml", self._configuration())

    def _configuration(self):
        text = f"""gateway_endpoint: tcp://127.0.0.1:{self.base}
keyring_file: {self.dir}/trust/keys/{self.name}.keyring
webhook_port: {self.base + 11}
admin_port: {self.base + 12}
graph_url: http://127.0.0.1:{self.network.port}
unknown_wait_ms: 200
unknown_policy: give-up
drain_ms: 1000
"""
        if self.testdata.app:
            text += f'app_id: "{self.testdata.app}"\n'
        text += "accounts:\n"
        for account in self.testdata.accounts:
            text += f'  - id: "{account}"\n'
            if self.testdata.pages[account]:
                text += f'    page_id: "{self.testdata.pages[account]}"\n'
            text += f"    token_file: {self.dir}/secrets/token\n    verify_token_file: {self.dir}/secrets/verify\n"
            text += f"    app_secret_files: [{self.dir}/secrets/app]\n"
        return text

    # --- processes

    def begin(self):
        self.start("gateway")
        wait_until(lambda: self.ready("gateway"), "gateway ready")
        self.spawn("translator", [self.binary, "--config", os.path.join(self.dir, "config/translator.yaml")])
        self.wait_translator()
        return self

    def wait_translator(self):
        wait_until(lambda: ask("GET", f"http://127.0.0.1:{self.base + 12}/readyz", timeout=2)[0] == 200,
                   f"{self.name} ready")

    def restart_translator(self, config="translator"):
        self.kill("translator", signal.SIGTERM)  # killed, it would leave a delivery nobody knows the fate of
        self.spawn("translator", [self.binary, "--config", os.path.join(self.dir, f"config/{config}.yaml")])
        self.wait_translator()

    def is_alive(self):
        return self.processes["translator"].poll() is None

    def memory_kb(self):
        with open(f"/proc/{self.pid('translator')}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))

    # --- the two ends

    def post(self, body, timeout=15):
        """The webhook's answer to a signed body; 0 when there was none. One connection per thread."""
        signature = "sha256=" + hmac.new(self.secret, body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signature}
        for attempt in (1, 2):
            connection = getattr(self.local, "connection", None)
            if not connection:
                connection = self.local.connection = http.client.HTTPConnection("127.0.0.1", self.base + 11, timeout=timeout)
            try:
                connection.request("POST", "/webhook", body, headers)
                reply = connection.getresponse()
                reply.read()
                return reply.status
            except (OSError, http.client.HTTPException):
                connection.close()
                self.local.connection = None  # an idle connection may have been closed: once more
        return 0

    def tail(self):
        """Starts reading along; lines() gives what has come since."""
        path = os.path.join(self.dir, "log/tail.jsonl")
        with open(path, "wb") as out, open(os.path.join(self.dir, "log/tail.log"), "wb") as log:
            self.processes["tail"] = subprocess.Popen(
                [os.path.join(self.bin, "trefoil"), "tail", "--json", "--typing", "--from", "earliest",
                 "--keyring", os.path.join(self.dir, "trust/keys/reader.keyring"),
                 "--gateway", f"tcp://127.0.0.1:{self.base}"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=log, env=self.env)
        self.tailed = open(path)
        greetings = len(self.testdata.accounts)  # that their accounts are connected
        assert len(self.lines_until(lambda l: len(l) >= greetings, "accounts connected", 20)) >= greetings, "no tail"

    def lines(self):
        """What the reader was shown since the last call."""
        out = []
        while True:
            at = self.tailed.tell()
            line = self.tailed.readline()
            if not line.endswith("\n"):
                self.tailed.seek(at)
                return out
            out.append(json.loads(line))

    def lines_until(self, done, what, timeout=10):
        """Lines until `done(lines)` is true, or as many as came."""
        out = []
        try:
            wait_until(lambda: out.extend(self.lines()) or done(out), what, timeout, 0.02)
        except AssertionError:
            pass
        return out

    def send(self, room, content, *options):
        """The envelope's id, or the words of the refusal."""
        path = self._write(f"messages/{secrets.token_hex(8)}.json", json.dumps(content))
        done = self.cli("send", room, "--json", path, *options, keyring="speaker", check=False)
        return (done.stdout.strip(), None) if done.returncode == 0 else (None, done.stderr.strip())

    def hops(self, envelope):
        done = self.cli("trace", "--json", envelope, check=False)
        return [json.loads(line) for line in done.stdout.splitlines()]

    @staticmethod
    def patiently(question, timeout):
        """Asks until it is so, or time is over: then what is missing is told by whoever looks at it."""
        try:
            wait_until(question, "", timeout, 0.05)
        except AssertionError:
            pass
