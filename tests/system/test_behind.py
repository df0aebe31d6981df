"""What goes on behind the words: typing, read marks, another number, and what only services are told."""

import json
import os

from people import bubbles, find, received, room_of_three, say, wait_for_text
from stack import NETWORKS, PEOPLE, TOP, Stack, wait_until
from webhooks import post

# What no phone shows: who holds the conversation, what was said before we came, whom the business knows.
UNSEEN = {"messenger": ("ms-env-standby", "ms-in-pass-thread", "ms-in-take-thread"), "instagram": ("ig-env-standby",),
          "whatsapp": ("wa-env-history", "wa-env-history-declined", "wa-env-state-sync")}
NEW_NUMBER = "15551239999"


def sample(network, name, kind):
    with open(os.path.join(TOP, "translators", network, "testdata", f"{name}.{kind}"), "rb") as file:
        return file.read()


def published(stack):
    return int(stack.metric("gateway", "trefoil_envelopes_total", verdict="published"))


def lines_so_far(stack):
    done = stack.cli("tail", "--json", "--from", "earliest", "--count", str(published(stack)))
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_what_only_services_are_told_reaches_them_and_no_phone_and_nobody_answers_it():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        for network in NETWORKS:   # an answer would go where somebody has spoken
            say(stack, network, f"good morning from {network}")
        for network in NETWORKS:
            wait_until(lambda: len(received(stack, network)) == 2, f"both others on {network}")
        for network, names in UNSEEN.items():
            for name in names:
                status, _ = post(stack, network, sample(network, name, "webhook"))
                assert status == 200, (name, status)
        lines = lines_so_far(stack)
        for network, names in UNSEEN.items():
            for name in names:
                for event in json.loads(sample(network, name, "golden")):
                    assert event["audience"] == "services", (name, event["audience"])
                    wanted = event["content"]
                    same = [l for l in lines if l["account"] == event["account"] and
                            all(l["content"].get(k) == v for k, v in wanted.items() if k not in ("author", "sent_ms"))]
                    assert len(same) == 1, f"{name}: {len(same)} times at a service: {json.dumps(wanted)[:200]}"
        for network in NETWORKS:
            say(stack, network, f"good night from {network}")
        for network in NETWORKS:
            for other in NETWORKS:
                if other != network:
                    wait_for_text(stack, network, f"good night from {other}")
            assert len(received(stack, network)) == 4, received(stack, network)
        wait_until(lambda: stack.audit()[0] and "pending 0" in stack.audit()[1], lambda: stack.audit()[1])


def test_person_with_another_number_keeps_the_conversation():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        say(stack, "whatsapp", "from my old number")
        wait_for_text(stack, "messenger", "from my old number")
        stack.control("people", {"network": "whatsapp", "user_id": NEW_NUMBER, "name": "Ana"})
        before = published(stack)
        element = json.loads(sample("whatsapp", "wa-in-system-number", "webhook"))["entry"][0]["changes"][0]["value"]["messages"][0]
        stack.control("raw", {"network": "whatsapp", "element": element})
        wait_until(lambda: published(stack) > before, "the change on the bus")
        say(stack, "whatsapp", "from my new number", person=NEW_NUMBER)
        for other in ("messenger", "instagram"):
            assert "Ana" in wait_for_text(stack, other, "from my new number")["text"]
            assert len(received(stack, other)) == 2, received(stack, other)
        say(stack, "messenger", "good to hear")
        wait_for_text(stack, "whatsapp", "good to hear", person=NEW_NUMBER)
        wait_until(lambda: "pending 0" in stack.audit()[1], "nothing under way")
        assert not find(stack, "whatsapp", "good to hear"), "the old number was written to as well"
        assert len(find(stack, "whatsapp", "good to hear", person=NEW_NUMBER)) == 1


def test_that_a_service_types_is_seen_on_every_phone_until_it_speaks():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        for network in NETWORKS:
            say(stack, network, f"question from {network}")
        for network in NETWORKS:
            wait_until(lambda: len(received(stack, network)) == 2, f"both others on {network}")
        is_typing = lambda network: stack.control(f"phones/{network}/{PEOPLE[network]}")["typing"]
        assert not any(is_typing(n) for n in NETWORKS)
        path = os.path.join(stack.dir, "typing.json")
        with open(path, "w") as file:
            json.dump({"typing": {"on": True}}, file)
        stack.cli("send", "Trefoil", "--json", path)
        for network in NETWORKS:
            wait_until(lambda: is_typing(network), f"typing on {network}", 10)
        stack.cli("send", "Trefoil", "the answer")
        for network in NETWORKS:
            wait_for_text(stack, network, "the answer")
            wait_until(lambda: not is_typing(network), f"typing over on {network}")


def test_author_sees_that_he_is_read_when_the_other_reads_and_not_before_from_every_network_to_every_other():
    with Stack() as stack:
        stack.start_all()
        stack.control("settings", {"auto_read": False})
        pairs = [(a, b) for a in NETWORKS for b in NETWORKS if a != b]
        people = {"whatsapp": "1555177000{}", "messenger": "654321770000000{}", "instagram": "123457700000000{}"}
        for i, pair in enumerate(pairs):
            users = {n: people[n].format(i) for n in pair}
            for network, user in users.items():
                stack.control("people", {"network": network, "user_id": user, "name": f"{network.title()} {i}"})
            stack.make_room(f"pair {i}", *users.items())
            author, reader = pair
            mine = say(stack, author, "read me", person=users[author])
            ticks = lambda: next(b for b in bubbles(stack, author, users[author]) if b["id"] == mine)["ticks"]
            wait_for_text(stack, reader, "read me", person=users[reader])
            wait_until(lambda: "pending 0" in stack.audit()[1] and stack.control("state")["events_waiting"] == 0, "nothing under way")
            assert ticks() != "read", f"{author}: read before anybody on {reader} looked"
            stack.control("read", {"network": reader, "person": users[reader]})
            wait_until(lambda: ticks() == "read", f"{author} sees that {reader} has read")
