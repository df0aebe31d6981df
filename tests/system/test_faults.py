"""What the networks do to us on bad days, and that nothing is lost, doubled or hidden by it."""

import json
import os
import tempfile
import time

from people import bubbles, find, received, room_of_three, say, wait_for_text
from shim import Shim, build_shim
from stack import NETWORKS, PEOPLE, Stack, http, wait_until


def others(network):
    return [n for n in NETWORKS if n != network]


def fault(stack, network, kind, **more):
    stack.control("faults", {"network": network, "fault": kind, **more})


def shows(stack, network, words):
    """On how many bubbles, of whatever kind."""
    return sum(words in json.dumps(b) for b in bubbles(stack, network))


def settle(stack, still_s=1.0, timeout=40):
    """Until the phones have shown the same for a while."""
    last, since = None, time.monotonic()

    def is_still():
        nonlocal last, since
        now = [len(bubbles(stack, n)) for n in NETWORKS]
        if now != last:
            last, since = now, time.monotonic()
        return time.monotonic() - since >= still_s

    wait_until(is_still, "quiet phones", timeout)


def replace_token(stack, network, text):
    path = os.path.join(stack.dir, "secrets", network + ".token")
    with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text + "\n")
    os.rename(path + ".new", path)


def state_of(stack, network):
    return [k.split('state="')[1].split('"')[0] for k, v in stack.metrics(network).items()
            if k.startswith("trefoil_account_state") and v == 1][0]


def test_answer_lost_after_acceptance_is_resolved_and_not_repeated():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        for network in NETWORKS:
            fault(stack, network, "drop_answer", count=1)
            sender = others(network)[0]
            say(stack, sender, f"answer lost on {network}")
            wait_for_text(stack, network, f"answer lost on {network}")
            wait_until(lambda: stack.metric(network, "trefoil_unknown_resolved_total") >= 1, f"resolved on {network}")
        settle(stack)
        for network in NETWORKS:
            for other in NETWORKS:
                texts = [t for t in received(stack, other) if f"answer lost on {network}" in t]
                assert len(texts) == (0 if other == others(network)[0] else 1), (network, other, texts)
            assert stack.metric(network, "trefoil_unknown_resent_total") == 0
        wait_until(lambda: stack.audit()[0], lambda: stack.audit()[1])


def test_question_whose_answer_was_lost_is_asked_once_on_every_network():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        path = os.path.join(stack.dir, "question.json")
        for network in NETWORKS:
            question = f"What now, {network}?"
            with open(path, "w") as file:
                json.dump({"author": {"name": "Desk"}, "choices": {"shape": "buttons", "body": question, "options": [
                    {"id": "book", "title": "Book"}, {"id": "later", "title": "Later"}]}}, file)
            fault(stack, network, "drop_answer", count=1)
            stack.cli("send", "Trefoil", "--json", path)
            for other in NETWORKS:
                wait_until(lambda: shows(stack, other, question), f"{question} on {other}")
            wait_until(lambda: stack.metric(network, "trefoil_unknown_resolved_total") >= 1, f"resolved on {network}")
        settle(stack)
        for network in NETWORKS:
            for other in NETWORKS:
                assert shows(stack, other, f"What now, {network}?") == 1, (network, other)
            assert stack.metric(network, "trefoil_unknown_resent_total") == 0


def test_connection_that_breaks_before_acceptance_loses_nothing():
    with Stack(env={"TREFOIL_UNKNOWN_WAIT_MS": "500"}) as stack:
        stack.start_all()
        room_of_three(stack)
        for network in NETWORKS:
            fault(stack, network, "reset", count=2)
        say(stack, "whatsapp", "through a broken line")
        for network in others("whatsapp"):
            wait_for_text(stack, network, "through a broken line", timeout=30)
            assert len(find(stack, network, "through a broken line")) == 1
        wait_until(lambda: stack.audit()[0], lambda: stack.audit()[1])


def test_rate_limit_slows_down_and_keeps_order():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        fault(stack, "messenger", "rate_limited", count=3, retry_after=1)
        for i in range(8):
            say(stack, "whatsapp", f"slowly {i}.")
        wait_until(lambda: len(find(stack, "instagram", "slowly")) == 8, "8 on Instagram", 10)
        wait_until(lambda: state_of(stack, "messenger") == "rate-limited", "the state")
        wait_until(lambda: len(find(stack, "messenger", "slowly")) == 8, "8 on Messenger", 30)
        numbers = [b["text"].split("slowly ")[1] for b in find(stack, "messenger", "slowly")]
        assert numbers == [f"{i}." for i in range(8)], numbers
        wait_until(lambda: state_of(stack, "messenger") == "connected", "the state back")


def test_network_that_is_down_is_waited_for():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        fault(stack, "instagram", "server_error", count=2)
        say(stack, "whatsapp", "first")
        say(stack, "whatsapp", "second")
        wait_for_text(stack, "messenger", "second")
        wait_for_text(stack, "instagram", "second", timeout=30)
        assert [t.split(": ")[1] for t in received(stack, "instagram")] == ["first", "second"]


def test_bad_token_shows_and_a_replaced_one_works_without_restart():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        with open(os.path.join(stack.dir, "secrets/whatsapp.token")) as file:
            good = file.read().strip()
        replace_token(stack, "whatsapp", "EAAexpired")
        time.sleep(2.5)   # secret files are looked at every two seconds
        say(stack, "messenger", "waits for a token")
        wait_until(lambda: state_of(stack, "whatsapp") == "bad-credentials", "the state")
        status, text = http("GET", stack.admin_url("whatsapp") + "/readyz")
        assert status == 503 and b"credentials" in text, (status, text)
        wait_for_text(stack, "instagram", "waits for a token")
        replace_token(stack, "whatsapp", good)
        wait_for_text(stack, "whatsapp", "waits for a token", timeout=60)
        wait_until(lambda: stack.ready("whatsapp"), "ready again")
        assert len(find(stack, "whatsapp", "waits for a token")) == 1
        log = open(os.path.join(stack.dir, "log/whatsapp.log")).read()
        assert "state=bad-credentials" in log and "next_action=" in log and good not in log and "EAAexpired" not in log


def test_bounce_is_told_and_listed_and_the_next_message_goes():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        fault(stack, "whatsapp", "error", count=1, status=400, code=131047)
        say(stack, "messenger", "too late for this one")
        wait_for_text(stack, "instagram", "too late for this one")
        wait_until(lambda: stack.metric("whatsapp", "trefoil_sends_total", outcome="bounced") == 1, "the bounce")
        wait_until(lambda: "131047" in stack.cli("dead", "list").stdout, lambda: stack.cli("dead", "list").stdout)
        say(stack, "messenger", "and this one goes")
        wait_for_text(stack, "whatsapp", "and this one goes")
        assert not find(stack, "whatsapp", "too late")
        wait_until(lambda: stack.audit()[0], lambda: stack.audit()[1])


def test_webhooks_doubled_late_batched_and_out_of_order_make_one_message_each():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        fault(stack, "all", "duplicate", probability=0.4)
        fault(stack, "all", "reorder", probability=0.3)
        fault(stack, "all", "delay", probability=0.3, delay_ms=200)
        fault(stack, "all", "batch", probability=0.5, size=4)
        for i in range(12):
            for network in NETWORKS:
                say(stack, network, f"stormy {network} {i}.")
        for network in NETWORKS:
            wait_until(lambda: len(find(stack, network, "stormy")) >= 24, f"24 on {network}", 40)
        settle(stack)
        for network in NETWORKS:
            texts = received(stack, network)
            assert len(texts) == len(set(texts)) == 24, (network, len(texts), sorted(texts))


def test_human_agent_speaks_to_the_room_once():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        stack.control("agent", {"network": "messenger", "person": PEOPLE["messenger"], "text": "this is the help desk"})
        for network in others("messenger"):
            wait_for_text(stack, network, "this is the help desk")
        settle(stack)
        for network in others("messenger"):
            assert len(find(stack, network, "this is the help desk")) == 1
        assert len([b for b in bubbles(stack, "messenger") if "help desk" in b["text"]]) == 1


def test_translator_that_is_asked_to_stop_finishes_and_returns_the_rest():
    import signal
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        fault(stack, "messenger", "slow", delay_ms=700)
        for i in range(5):
            say(stack, "whatsapp", f"while closing {i}.")
        wait_until(lambda: find(stack, "instagram", "while closing 4."), "all on Instagram")
        stack.control("faults", {"clear": True})
        assert stack.kill("messenger", signal.SIGTERM) == 0
        log = open(os.path.join(stack.dir, "log/messenger.log")).read()
        assert "how=drained" in log, log
        stack.again("messenger")
        wait_until(lambda: len(find(stack, "messenger", "while closing")) == 5, "5 on Messenger", 20)
        settle(stack)
        numbers = [b["text"].split("closing ")[1] for b in find(stack, "messenger", "while closing")]
        assert numbers == [f"{i}." for i in range(5)], numbers


def test_clock_that_goes_back_in_small_steps_disconnects_nobody():
    with tempfile.TemporaryDirectory(prefix="trefoil-shim-") as folder, Stack() as stack:
        shim = Shim(stack, build_shim(folder))
        stack.start("gateway", env=shim.env)
        stack.start("sandbox")
        for network in NETWORKS:
            stack.start(network)
        stack.wait_ready()
        for step in range(1, 21):   # each too small to be noticed as a clock that was set
            shim.order(clock_ms=-300 * step)
            time.sleep(0.2)
        stack.wait_ready()
        with open(os.path.join(stack.dir, "log", "gateway.log"), errors="replace") as log:
            assert "silent for too long" not in log.read()
