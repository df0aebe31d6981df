"""The load balancer an operator puts before the replicas of a translator: one address, whoever is ready answers. Never keeps
what it could not hand on."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from stack import http


class Server(ThreadingHTTPServer):
    request_queue_size = 512   # a burst waits for us, not for TCP to try again after a second
    daemon_threads = True


class Balancer:
    """`urls` are asked in turn, beginning with the one that answered last; 503 and silence lead to the next."""

    def __init__(self, urls):
        self.urls = list(urls)
        balancer = self

        class Exchange(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.reply(*balancer.ask(self, self.rfile.read(int(self.headers.get("Content-Length", 0)))))

            def do_GET(self):
                self.reply(*balancer.ask(self, None))

            def reply(self, status, body):
                self.send_response(status or 502)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *unused):
                pass

        self.server = Server(("127.0.0.1", 0), Exchange)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def ask(self, exchange, body):
        headers = {k: v for k, v in exchange.headers.items() if k.lower().startswith("x-hub") or k.lower() == "content-type"}
        query = exchange.path.partition("?")[2]
        status, reply = 0, b""
        for url in list(self.urls):
            status, reply = http(exchange.command, url + ("?" + query if query else ""), body, headers, timeout=30)
            if status not in (0, 503):
                self.prefer(url)
                break
        return status, reply

    def prefer(self, url):
        if self.urls[0] != url:
            self.urls = [url] + [u for u in self.urls if u != url]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
