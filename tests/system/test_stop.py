"""A translator that stops while a file is on its way: killed or asked to go, one envelope and one picture come of it."""

import json
import os
import signal

from people import FILES, bubbles, content_of, room_of_three, say, say_file, wait_for_text
from stack import ACCOUNTS, NETWORKS, Stack, wait_until

SIZE = 300_000
BYTES_PER_S = 100_000   # slow enough that a stop falls into the middle, quick enough for drain_ms


def large_picture(stack):
    path = os.path.join(stack.dir, "large.jpg")
    with open(os.path.join(FILES, "picture.jpg"), "rb") as head, open(path, "wb") as file:
        file.write((head.read() + bytes(SIZE))[:SIZE])
    return path


def published(stack):
    return int(stack.metric("gateway", "trefoil_envelopes_total", verdict="published"))


def send_slowly(stack, network):
    """A picture of which nothing is on the bus yet, and something in the translator; the number of envelopes so far."""
    stack.control("faults", {"network": network, "fault": "media_slow", "bytes_per_s": BYTES_PER_S})
    before = published(stack)
    say_file(stack, network, "image", large_picture(stack))
    wait_until(lambda: stack.control("faults")["faults"][network]["media_slow"]["struck"], "the download has begun")
    assert published(stack) == before, "the picture was not slow: this proves nothing"
    return before


def assert_one_of_each(stack, network):
    """One envelope with the picture, and one picture on each other phone, whole; what is said afterwards comes after it."""
    others = [n for n in NETWORKS if n != network]
    say(stack, network, "after the picture")
    for other in others:
        wait_for_text(stack, other, "after the picture", timeout=60)
    wait_until(lambda: stack.control("state")["events_waiting"] == 0, "every webhook answered")
    wait_until(lambda: "pending 0" in stack.audit()[1], "nothing under way")
    done = stack.cli("tail", "--json", "--from", "earliest", "--count", str(published(stack)))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    ours = [line for line in lines if line["account"] == ACCOUNTS[network] and line["kind"] in ("media", "text")]
    assert [line["kind"] for line in ours] == ["media", "text"], [line["kind"] for line in ours]
    with open(large_picture(stack), "rb") as file:
        picture = file.read()
    for other in others:
        shown = [b for b in bubbles(stack, other) if b["direction"] == "in"]
        assert [len(b.get("media") or []) for b in shown if b.get("media")] == [1], shown
        assert not shown[-1].get("media") and "after the picture" in shown[-1]["text"], shown
        assert content_of(stack, next(b for b in shown if b.get("media"))["media"][0]) == picture
    assert stack.audit()[0], stack.audit()[1]


def test_translator_killed_in_the_middle_of_a_file_makes_one_envelope_and_one_picture_of_it():
    for network in NETWORKS:
        with Stack() as stack:
            stack.start_all()
            room_of_three(stack)
            before = send_slowly(stack, network)
            stack.kill(network)
            assert published(stack) == before, "it was killed too late: this proves nothing"
            stack.control("faults", {"clear": True})
            stack.again(network)
            assert_one_of_each(stack, network)


def test_translator_asked_to_stop_while_a_file_is_on_its_way_loses_and_doubles_nothing():
    for network in NETWORKS:
        with Stack() as stack:
            stack.start_all()
            room_of_three(stack)
            send_slowly(stack, network)
            assert stack.kill(network, signal.SIGTERM) == 0
            with open(os.path.join(stack.dir, "log", network + ".log")) as log:
                assert "how=drained" in log.read()
            stack.again(network)
            assert_one_of_each(stack, network)


def test_translator_whose_goodbye_is_cut_short_ends_in_order_and_loses_nothing():
    """While the webhook still waits for its answer, and when it was answered 503 already and only its file is awaited."""
    for answered in (False, True):
        with Stack(env={"TREFOIL_DRAIN_MS": "500", "TREFOIL_CONFIRM_WAIT_MS": "1000"}) as stack:
            stack.start_all()
            room_of_three(stack)
            send_slowly(stack, "whatsapp")
            if answered:
                wait_until(lambda: stack.metric("whatsapp", "trefoil_webhooks_total", result="unconfirmed") >= 1, "a 503")
            assert stack.kill("whatsapp", signal.SIGTERM) == 0
            with open(os.path.join(stack.dir, "log", "whatsapp.log")) as log:
                assert "how=cut" in log.read()
            stack.control("faults", {"clear": True})
            stack.again("whatsapp")
            assert_one_of_each(stack, "whatsapp")
