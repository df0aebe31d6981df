"""The books of sandbox, translators and gateway held against each other; a counter that is off is found."""

import http.server
import threading

from people import bubbles, react, room_of_three, say, wait_for_text
from stack import NETWORKS, Stack, http as fetch, wait_until
from test_faults import fault


def urls(stack):
    return [stack.admin_url(n) + "/metrics" for n in NETWORKS] + [stack.sandbox_url("/control/state")]


def audit(stack, with_):
    done = stack.cli("audit", "--with", ",".join(with_), check=False)
    return done.returncode, done.stdout + done.stderr


def talk(stack, n=6):
    for i in range(n):
        for network in NETWORKS:
            say(stack, network, f"word {i} of {network}")
    for network in NETWORKS:
        for other in NETWORKS:
            if other != network:
                wait_for_text(stack, network, f"word {n - 1} of {other}")
    wait_until(lambda: "pending 0" in stack.audit()[1], "nothing pending")


class Liar:
    """Serves a text with one counter changed."""

    def __init__(self, url, series, by):
        text = fetch("GET", url)[1].decode().splitlines()
        at = next(i for i, line in enumerate(text) if line.startswith(series + " "))
        text[at] = f"{series} {float(text[at].rsplit(' ', 1)[1]) + by:g}"
        body = ("\n".join(text) + "\n").encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/metrics"

    def __enter__(self):
        return self.url

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def test_books_of_all_add_up_after_talk_faults_and_lost_answers():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        talk(stack)
        fault(stack, "all", "duplicate", probability=0.3)
        fault(stack, "messenger", "drop_answer", count=1)
        talk(stack, 8)
        stack.control("faults", {"clear": True})
        first = [b for b in bubbles(stack, "instagram") if b["direction"] == "in"][0]["id"]
        react(stack, "instagram", first, "\u2764\ufe0f")
        asked = []  # the answer that adds up is kept: what the reaction sets off may still be on its way

        def adds_up():
            asked.append(audit(stack, urls(stack)))
            return asked[-1][0] == 0

        wait_until(adds_up, lambda: asked[-1][1], 15)
        assert asked[-1][1].count("   ok\n") == 7, asked[-1][1]


def test_counter_that_is_off_is_found():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        talk(stack, 3)
        true = urls(stack)
        wait_until(lambda: audit(stack, true)[0] == 0, lambda: audit(stack, true)[1], 15)
        for series, by in (("trefoil_confirmed_total", -1), ("trefoil_sends_total{outcome=\"sent\"}", 1),
                           ("trefoil_messages_taken_total", -1), ("trefoil_published_total", -500)):
            with Liar(true[0], series, by) as url:
                code, text = audit(stack, [url] + true[1:])
                assert code == 1 and "DOES NOT ADD UP" in text, (series, text)
        code, text = audit(stack, [stack.admin_url("gateway") + "/metrics"])
        assert code == 1 and "neither a translator" in text, text
