"""A network nobody knew when the system was started: the translator made to be copied, added while all others run."""

import hashlib
import hmac
import http.server
import os
import threading

from people import room_of_three, say, wait_for_text
from stack import Stack, http as ask, wait_until

SECRET = b"echo application secret"


class Network(http.server.BaseHTTPRequestHandler):
    """The other end of the echo network: takes sends, gives them ids."""

    taken = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Network.taken.append((self.path, self.headers["Authorization"], body.decode()))
        answer = f"ok e{len(Network.taken)}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *words):
        pass


def start_echo(stack, network_port):
    for name, text in (("token", "echo token"), ("app_secret", SECRET.decode()), ("verify_token", "echo verify")):
        with open(os.open(os.path.join(stack.dir, "secrets/echo." + name), os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(text + "\n")
    with open(os.path.join(stack.dir, "config/echo.yaml"), "w") as file:
        file.write(f"""gateway_endpoint: tcp://127.0.0.1:{stack.base}
keyring_file: {stack.dir}/trust/keys/echo.keyring
webhook_port: 0
admin_port: 0
graph_url: http://127.0.0.1:{network_port}
accounts:
  - id: "100"
    token_file: {stack.dir}/secrets/echo.token
    verify_token_file: {stack.dir}/secrets/echo.verify_token
    app_secret_files: [{stack.dir}/secrets/echo.app_secret]
""")
    log = os.path.join(stack.dir, "log/echo.log")
    stack.spawn("echo", [os.path.join(stack.bin, "trefoil-echo"), "--config", os.path.join(stack.dir, "config/echo.yaml")])
    wait_until(lambda: "event=bus-connected" in open(log).read(), "echo on the bus")
    return int(open(log).read().split("webhook_port=")[1].split()[0])


def post(port, text):
    signature = "sha256=" + hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest()
    return ask("POST", f"http://127.0.0.1:{port}/webhook", text.encode(), {"X-Hub-Signature-256": signature})[0]


def test_echo_network_joins_a_running_system():
    network = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Network)
    threading.Thread(target=network.serve_forever, daemon=True).start()
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        stack.cli("roster", "add", "echo", "--accounts", "echo/100", "--push")
        port = start_echo(stack, network.server_address[1])
        stack.cli("room", "join", "Trefoil", "echo/100/dora")
        assert post(port, "text 100 dora m1 hello from nowhere\nwave 100 dora\n") == 200
        for name in ("whatsapp", "messenger", "instagram"):
            wait_for_text(stack, name, "hello from nowhere")
        say(stack, "whatsapp", "welcome, Dora")
        wait_until(lambda: [t for t in Network.taken if "welcome, Dora" in t[2]], "the answer on the echo network")
        path, token, body = [t for t in Network.taken if "welcome, Dora" in t[2]][0]
        assert (path, token) == ("/v1/100/messages", "Bearer echo token"), (path, token)
        assert body.startswith("dora tf1.") and body.endswith("\nAna (WhatsApp): welcome, Dora"), body
        wait_until(lambda: stack.audit()[0], lambda: stack.audit()[1])
    network.shutdown()
