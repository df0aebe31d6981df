"""How comparable systems say things twice, and that this one does not: see ../STORIES.md."""

import concurrent.futures
import json
import os
import tempfile

from crowd import read_by, start_reader
from link import Link
from people import FILES, bubbles, find, received, room_of_three, say, say_file, wait_for_text
from shim import Shim, build_shim
from stack import NETWORKS, PEOPLE, Stack, wait_until
from test_faults import fault, settle
from webhooks import post, text_post

MINUTE_MS, DAY_MS = 60_000, 86_400_000
NEWCOMERS = 8


def others(network):
    return [n for n in NETWORKS if n != network]


def verdicts(stack, verdict):
    return int(stack.metric("gateway", "trefoil_envelopes_total", verdict=verdict))


def lines(stack, name="reader"):
    with open(os.path.join(stack.dir, "log", name + ".log"), errors="replace") as log:
        return [json.loads(line) for line in log if line.startswith("{") and line.endswith("}\n")]


def test_webhook_that_comes_again_after_two_minutes_and_after_three_days_makes_no_second_message():
    with tempfile.TemporaryDirectory(prefix="trefoil-shim-") as folder, Stack() as stack:
        shim = Shim(stack, build_shim(folder))
        stack.start("gateway", env=shim.env)
        stack.start("sandbox")
        for network in NETWORKS:
            stack.start(network, env=shim.env)
        stack.wait_ready()
        room_of_three(stack)
        bodies = {network: text_post(network, f"again-{network}", f"once only {network}") for network in NETWORKS}
        for network in NETWORKS:
            assert post(stack, network, bodies[network])[0] == 200
            for other in others(network):
                wait_for_text(stack, other, f"once only {network}")
        for later_ms in (2 * MINUTE_MS, 3 * DAY_MS):
            shim.order(clock_ms=later_ms)
            stack.wait_ready()
            before = verdicts(stack, "duplicate")
            for network in NETWORKS:
                wait_until(lambda: post(stack, network, bodies[network])[0] == 200, f"{network} after {later_ms} ms")
            assert verdicts(stack, "duplicate") >= before + len(NETWORKS), "it was not recognised"
        settle(stack)
        for network in NETWORKS:
            for other in others(network):
                assert len(find(stack, other, f"once only {network}")) == 1, received(stack, other)


def test_network_that_finds_us_slow_and_posts_again_makes_no_second_message():
    with Stack(env={"TREFOIL_WEBHOOK_TIMEOUT_MS": "300"}) as stack:   # the sandbox's patience
        stack.start_all()
        room_of_three(stack)
        path = os.path.join(stack.dir, "slow.jpg")
        with open(os.path.join(FILES, "picture.jpg"), "rb") as head, open(path, "wb") as file:
            file.write((head.read() + bytes(120_000))[:120_000])
        for network in NETWORKS:
            stack.control("faults", {"network": network, "fault": "media_slow", "bytes_per_s": 60_000})
            say_file(stack, network, "image", path)
            wait_until(lambda: stack.control("state")["networks"][network]["webhook_retries"] >= 1, f"{network} posts again")
            wait_until(lambda: stack.control("state")["events_waiting"] == 0, f"{network} is content", 40)
        for network in NETWORKS:
            pictures = lambda: [b for b in bubbles(stack, network) if b["direction"] == "in" and b.get("media")]
            wait_until(lambda: len(pictures()) == 2, lambda: f"two pictures on {network}: {len(pictures())}", 40)
        settle(stack)
        for network in NETWORKS:
            assert len([b for b in bubbles(stack, network) if b["direction"] == "in" and b.get("media")]) == 2


def test_two_first_messages_of_a_stranger_at_two_replicas_at_once_make_one_room_and_one_person():
    with Stack() as stack:
        stack.start_all()
        for network in NETWORKS:
            stack.start(network, replica=2)
        for network in NETWORKS:
            wait_until(lambda: stack.ready(network, 2), f"the second {network}")
        start_reader(stack)
        people = {n: [f"{PEOPLE[n][:-4]}{7000 + i}" for i in range(NEWCOMERS)] for n in NETWORKS}
        posts = [(network, replica, text_post(network, f"{network}-{person}-{replica}", f"#{i * 2 + replica}.", person))
                 for network in NETWORKS for i, person in enumerate(people[network]) for replica in (1, 2)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda p: post(stack, p[0], p[2], replica=p[1])[0], posts))
        assert answers == [200] * len(posts), answers
        texts = lambda: [l for l in lines(stack) if l["kind"] == "text"]
        wait_until(lambda: len(texts()) >= len(posts), lambda: f"{len(texts())} of {len(posts)} told")
        rooms = {}
        for line in texts():
            rooms.setdefault((line["sender"], (int(line["text"][1:-1]) - 1) // 2), []).append(line["room"])
        assert len(rooms) == NEWCOMERS * len(NETWORKS) and all(len(r) == 2 and r[0] == r[1] for r in rooms.values()), rooms
        assert len({r[0] for r in rooms.values()}) == len(rooms), "two strangers share a room"


def test_long_text_whose_parts_fail_is_shown_whole_and_no_part_twice():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        for network in ("messenger", "instagram"):
            fault(stack, network, "server_error", probability=0.1)   # a part has five tries

        def struck():
            faults = stack.control("faults")["faults"]
            return all(faults[network]["server_error"]["struck"] > 0 for network in ("messenger", "instagram"))

        words = []
        for text in range(20):   # until chance has struck both; two at least
            more = [f"word{len(words) + i}." for i in range(450)]
            words += more
            say(stack, "whatsapp", " ".join(more))
            for network in ("messenger", "instagram"):
                wait_until(lambda: more[-1] in " ".join(received(stack, network)), f"the end on {network}", 120)
            if text > 0 and struck():
                break
        assert struck(), "nothing failed: this proves nothing"
        for network in ("messenger", "instagram"):
            seen = [w for w in " ".join(received(stack, network)).split() if w.startswith("word")]
            assert seen == words, f"{network}: {len(seen)} words of {len(words)}"


def test_connection_that_broke_many_times_still_hands_over_each_message_once():
    with Stack() as stack:
        link = Link(stack.base)
        try:
            stack.start("gateway")
            stack.start("sandbox")
            for network in NETWORKS:
                stack.start(network, env={"TREFOIL_GATEWAY_ENDPOINT": f"tcp://127.0.0.1:{link.port}"})
            stack.wait_ready()
            room_of_three(stack)
            start_reader(stack)
            for i in range(12):
                link.cut()
                wait_until(lambda: not any(stack.ready(n) for n in NETWORKS), "all cut off")
                say(stack, NETWORKS[i % 3], f"#{i}.")
                link.heal()
                stack.wait_ready()
            for i in range(12, 30):
                say(stack, NETWORKS[i % 3], f"#{i}.")
            for network in NETWORKS:
                wait_until(lambda: len(find(stack, network, "#")) >= 20, lambda: f"twenty on {network}: {received(stack, network)}", 60)
            settle(stack)
            for network in NETWORKS:
                assert len(find(stack, network, "#")) == 20, received(stack, network)
            wait_until(lambda: len(read_by(stack)) >= 30, "all at the reader")
            assert sorted(n for _, n in read_by(stack)) == list(range(30))
            wait_until(lambda: stack.metric("gateway", "trefoil_subscription_replicas") == 4, "one seat each and the reader's")
        finally:
            link.close()


def calm(stack):
    """Nothing is under way, either way."""
    wait_until(lambda: "pending 0" in stack.audit()[1] and stack.control("state")["events_waiting"] == 0,
               lambda: "nothing under way: " + stack.audit()[1], 60)
    settle(stack)


def shown(stack, words):
    """How often each phone shows these words as somebody else's."""
    return {network: len(find(stack, network, words)) for network in NETWORKS}


def test_send_whose_sender_is_killed_before_it_could_tell_is_not_repeated_and_not_shown_as_a_colleague_s():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        for network in NETWORKS:
            words, speaker = f"killed over {network}", others(network)[0]
            fault(stack, network, "slow", delay_ms=6000)   # the network has it, and does not answer
            say(stack, speaker, words)
            wait_until(lambda: find(stack, network, words), f"{network} took it")
            stack.kill(network)
            stack.control("faults", {"clear": True})
            stack.again(network)
            calm(stack)
            assert shown(stack, words) == {n: 0 if n == speaker else 1 for n in NETWORKS}, shown(stack, words)


def test_echo_that_comes_to_the_replica_that_did_not_send_is_known_all_the_same():
    with Stack() as stack:
        stack.start_all()
        stack.start("instagram", replica=2)
        wait_until(lambda: stack.ready("instagram", 2), "the second")
        stack.kill("instagram")    # now the one that has the webhooks is the younger: the other sends
        stack.again("instagram")
        stack.wait_ready()
        room_of_three(stack)
        for words, killed in (("the answer is lost", None), ("the sender is killed", "instagram-2")):
            fault(stack, "instagram", "slow" if killed else "drop_answer", **({"delay_ms": 6000} if killed else {}))
            say(stack, "whatsapp", words)
            wait_until(lambda: find(stack, "instagram", words), "instagram took it")
            if killed:
                stack.kill(killed)
            stack.control("faults", {"clear": True})
            calm(stack)
            assert shown(stack, words) == {"whatsapp": 0, "messenger": 1, "instagram": 1}, shown(stack, words)


def test_echo_that_comes_elsewhere_while_the_killed_sender_s_successor_waits_is_known_all_the_same():
    with Stack() as stack:
        stack.start_all()
        for replica in (2, 3):
            stack.start("instagram", replica=replica)
            wait_until(lambda: stack.ready("instagram", replica), f"number {replica}")
        stack.kill("instagram")    # now the one that has the webhooks is the youngest: 2 sends, 3 comes after it
        wait_until(lambda: stack.metric("gateway", "trefoil_subscription_replicas") == 4, "the first has gone")
        stack.again("instagram")
        wait_until(lambda: stack.metric("gateway", "trefoil_subscription_replicas") == 5, "and is back")
        room_of_three(stack)
        words = "the echo is late"
        fault(stack, "instagram", "slow", delay_ms=6000)
        fault(stack, "instagram", "delay", delay_ms=5000)   # longer than in_doubt_ms, shorter than the wait after it
        say(stack, "whatsapp", words)
        wait_until(lambda: find(stack, "instagram", words), "instagram took it")
        stack.kill("instagram-2")
        stack.control("faults", {"clear": True})
        calm(stack)
        assert shown(stack, words) == {"whatsapp": 0, "messenger": 1, "instagram": 1}, shown(stack, words)
