"""The other end of a network's API: takes every request, answers as it is told. Never knows which network it plays."""

import http.server
import json
import re
import threading

UPLOADED = b'{"id": "@ID@", "attachment_id": "@ID@"}'
SEARCHED_BYTES = 1 << 20  # files may be larger; what they are about does not stand in them
MARK = re.compile(r"tf1\.\d+\.\d+")


class Request:
    """One call as it came in."""

    def __init__(self, method, path, content_type, body):
        self.method, self.path, self.content_type, self.body = method, path, content_type, body
        self.text = path + " " + body[:SEARCHED_BYTES].decode("utf-8", "replace")


class Network:
    """`accepted` is the (status, body) of every message nobody has another answer for; `told` maps a word to
    (status, body): the answer to requests in which the word occurs."""

    def __init__(self, accepted):
        self.accepted, self.told = accepted, {}
        self.files, self.asked = {}, {}  # path → (type, bytes); a word of the path → an answer in JSON
        self.lock = threading.Lock()
        self.requests = []
        network = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                network._answer(self, Request(self.command, self.path, self.headers.get("Content-Type"), body))

            do_GET = do_DELETE = do_PUT = do_POST

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _answer(self, handler, request):
        with self.lock:
            self.requests.append(request)
            number = len(self.requests)
        content_type = "application/json"
        if request.path in self.files:
            status, (content_type, body) = 200, self.files[request.path]
        elif request.method == "GET":  # whoever asks about people learns nothing
            body = next((a for word, a in self.asked.items() if word in request.path), None)
            status, body = (200, body) if body else (404, b"{}")
        elif (request.content_type or "").startswith("multipart/"):
            status, body = 200, UPLOADED
        else:
            status, body = next((a for word, a in self.told.items() if word in request.text), self.accepted)
        body = body.replace(b"@ID@", b"sent-%d" % number)
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def about(self, word):
        """What came in with this word in it, in order; questions left out."""
        with self.lock:
            return [r for r in self.requests if word in r.text and r.method != "GET"]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def as_golden(request, replacements):
    """The request in the shape of encode.golden, with this run's ids in the words of the golden."""
    body = request.body.decode("utf-8", "replace")
    path = request.path
    for ours, theirs in replacements:
        body, path = body.replace(ours, theirs), path.replace(ours, theirs)
    body = MARK.sub("tf1.7.3", body)
    out = {"method": request.method, "path": path}
    if request.content_type and body:
        out["content_type"] = request.content_type
    try:
        parsed = json.loads(body)
        out["body"] = parsed if isinstance(parsed, (dict, list)) else body
    except ValueError:
        if body:
            out["body"] = body
    return out
