"""How the accounts are, wherever one looks: event, metric, /readyz, trefoil accounts."""

import json
import os
import time

from people import FILES, bubbles, find, received, room_of_three, say, say_file, wait_for_text
from stack import ACCOUNTS, NETWORKS, Stack, http, wait_until
from test_faults import fault, replace_token, state_of


def accounts(stack):
    return {a["account"]: a for a in (json.loads(l) for l in stack.cli("accounts", "--json").stdout.splitlines())}


def account(stack, network):
    return accounts(stack).get(ACCOUNTS[network], {})


def test_accounts_are_shown_with_their_services_and_stop_with_them():
    with Stack() as stack:
        stack.start_all()
        wait_until(lambda: all(account(stack, n).get("state") == "connected" for n in NETWORKS), lambda: accounts(stack))
        text = stack.cli("accounts").stdout
        assert "whatsapp 1" in text and "echo-bot" in text and "connected" in text, text
        stack.kill("instagram")
        wait_until(lambda: account(stack, "instagram")["state"] == "stopped", lambda: accounts(stack), 40)
        stack.again("instagram")
        wait_until(lambda: account(stack, "instagram")["state"] == "connected", lambda: accounts(stack), 20)


def test_revoked_token_is_seen_within_seconds_and_sends_wait_for_the_new_one():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        with open(os.path.join(stack.dir, "secrets/whatsapp.token")) as file:
            good = file.read().strip()
        fault(stack, "whatsapp", "expired_token")
        began = time.monotonic()
        for i in range(3):
            say(stack, "messenger", f"waits {i}.")
        wait_until(lambda: account(stack, "whatsapp").get("state") == "bad credentials", lambda: accounts(stack), 10)
        assert time.monotonic() - began < 5
        shown = account(stack, "whatsapp")
        assert shown["code"] == 190 and shown["next_action"] and abs(shown["since_ms"] / 1000 - time.time()) < 60, shown
        assert state_of(stack, "whatsapp") == "bad-credentials"
        status, text = http("GET", stack.admin_url("whatsapp") + "/readyz")
        assert status == 503 and b"credentials" in text, (status, text)
        published = int(stack.metric("gateway", "trefoil_envelopes_total", verdict="published"))
        lines = stack.cli("tail", "--json", "--from", "earliest", "--count", str(published)).stdout.splitlines()
        told = [e["content"]["account_state"] for e in map(json.loads, lines) if e["kind"] == "account"]
        assert [t for t in told if t["health"] == "bad_credentials" and t["code"] == 190], told
        wait_for_text(stack, "instagram", "waits 2.")
        assert account(stack, "messenger")["state"] == "connected"
        assert stack.cli("dead", "list").stdout.startswith("No dead letters")

        stack.control("faults", {"clear": True})
        replace_token(stack, "whatsapp", "EAAstillwrong")
        wait_until(lambda: "secret-replaced" in open(os.path.join(stack.dir, "log/whatsapp.log")).read(), "the first new token", 10)
        replace_token(stack, "whatsapp", good)
        wait_until(lambda: len(find(stack, "whatsapp", "waits")) == 3, lambda: received(stack, "whatsapp"), 8)
        assert [t.split("waits ")[1] for t in received(stack, "whatsapp") if "waits" in t] == ["0.", "1.", "2."]
        wait_until(lambda: account(stack, "whatsapp")["state"] == "connected", lambda: accounts(stack))
        wait_until(lambda: stack.ready("whatsapp"), "ready again")
        first = next(e for e in map(json.loads, stack.cli("tail", "--json", "--from", "earliest", "--count", str(published)).stdout.splitlines())
                     if e.get("text") == "waits 0.")
        trace = [json.loads(l) for l in stack.cli("trace", "--json", first["envelope"]).stdout.splitlines()]
        handed = [h for h in trace if h["what"] == "handed out" and h["account"] == ACCOUNTS["whatsapp"]]
        assert handed and handed[0]["text"].endswith("attempt 1"), trace


def test_application_that_requires_a_proof_of_its_secret_gets_one_with_every_call():
    with Stack() as stack:
        changes = [("sandbox", "", "require_proof: true\n")]
        changes += [(n, "    token_file:", "    prove_token: true\n") for n in NETWORKS]
        for file, line, more in changes:
            path = os.path.join(stack.dir, "config", file + ".yaml")
            with open(path) as config:
                text = config.read()
            with open(path, "w") as config:
                config.write(text.replace(line, more + line) if line else text + more)
        stack.start_all()
        room_of_three(stack)
        say(stack, "whatsapp", "from a number")
        say_file(stack, "messenger", "image", os.path.join(FILES, "picture.jpg"))
        for network in ("messenger", "instagram"):
            wait_for_text(stack, network, "from a number")
        for network in ("whatsapp", "instagram"):
            wait_until(lambda: [b for b in bubbles(stack, network) if b["direction"] == "in" and b.get("media")], "the picture")
        wait_until(lambda: find(stack, "instagram", "Ben"), "who said it: asked of the network")
