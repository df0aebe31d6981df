"""SIGKILL at random points under load: every message arrives at every target, in order per room."""

import json
import os
import random
import threading
import time

from people import received
from stack import ACCOUNTS, NETWORKS, Stack, http, wait_until

MESSAGES = int(os.environ.get("KILL_MESSAGES", "2000"))
ROOMS = int(os.environ.get("KILL_ROOMS", "50"))
SEED = int(os.environ.get("SEED", "1"))


def people_of(room):
    return {"whatsapp": f"1555200{room:04d}", "messenger": f"65432200{room:06d}", "instagram": f"12345200{room:06d}"}


def fill_rooms(stack):
    for room in range(ROOMS):
        for network, user in people_of(room).items():
            stack.control("people", {"network": network, "user_id": user, "name": f"P{room}{network[0].upper()}"})
        stack.make_room(f"room {room}", *people_of(room).items())


def read_by_subscriber(stack):
    """[(room, number)] of the texts `trefoil tail --json` wrote, in its order; a line cut by a kill is left out."""
    texts = []
    with open(os.path.join(stack.dir, "log/reader.log"), errors="replace") as log:
        for line in log:
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if said.get("kind") == "text" and said["text"].startswith("#"):
                texts.append((said["room"], int(said["text"][1:-1])))
    return texts


def test_every_message_arrives_in_order_though_gateway_translator_and_subscriber_are_killed():
    chance = random.Random(SEED)
    with Stack() as stack:
        stack.start_all()
        stack.control("settings", {"auto_read": False})
        fill_rooms(stack)
        subscriber = [os.path.join(stack.bin, "trefoil"), "tail", "--json", "--name", "reader", "--from", "earliest"]
        stack.spawn("reader", subscriber, {
            "TREFOIL_KEYRING": os.path.join(stack.dir, "trust/keys/echo-bot.keyring"),
            "TREFOIL_GATEWAY": f"tcp://127.0.0.1:{stack.base}"})
        kills = {"gateway": 0, "whatsapp": 0, "messenger": 0, "instagram": 0, "reader": 0}
        problems = []

        def talk():
            try:
                for i in range(MESSAGES):
                    room = i % ROOMS
                    network = NETWORKS[(i // ROOMS) % 3]
                    stack.control("say", {"network": network, "person": people_of(room)[network], "text": f"#{i}."})
                    if i % 100 == 99:
                        time.sleep(0.5)   # spread over the kills; nothing is decided by it
            except Exception as problem:
                problems.append(problem)

        # This thread kills and starts again: what a thread started dies with it (Stack's promise to leave nothing).
        thread = threading.Thread(target=talk)
        thread.start()
        while thread.is_alive() or sum(kills.values()) < 8:
            time.sleep(chance.uniform(0.5, 2.0))
            victim = chance.choice(("gateway", "gateway", *NETWORKS, "reader"))
            stack.kill(victim)
            kills[victim] += 1
            time.sleep(chance.uniform(0.0, 0.3))
            stack.again(victim)
        thread.join()
        assert not problems, problems
        stack.wait_ready()

        lost, disordered, doubled = [], [], 0
        for room in range(ROOMS):
            for network, user in people_of(room).items():
                due = [i for i in range(MESSAGES) if i % ROOMS == room and NETWORKS[(i // ROOMS) % 3] != network]

                def numbers():
                    return [int(t.rsplit("#", 1)[1].rstrip(".")) for t in received(stack, network, user) if "#" in t]

                try:
                    wait_until(lambda: set(due) <= set(numbers()), f"all of room {room} on {network}", 180)
                except AssertionError:
                    lost += [(room, network, sorted(set(due) - set(numbers()))[:5])]
                seen = numbers()
                firsts = list(dict.fromkeys(seen))
                for sender in NETWORKS:   # order per author is what a room promises across networks
                    line = [i for i in firsts if NETWORKS[(i // ROOMS) % 3] == sender]
                    if line != sorted(line):
                        disordered.append((room, network, line))
                doubled += len(seen) - len(firsts)
        wait_until(lambda: {n for _, n in read_by_subscriber(stack)} >= set(range(MESSAGES)), "all at the subscriber", 60)
        by_author = {}
        for room, number in dict.fromkeys(read_by_subscriber(stack)):
            by_author.setdefault((room, NETWORKS[(number // ROOMS) % 3]), []).append(number)
        disordered += [("subscriber", *key, line) for key, line in by_author.items() if line != sorted(line)]
        answers_lost = stack.control("state").get("answers_lost", 0) + kills["whatsapp"] + kills["messenger"] + kills["instagram"]
        print(f"{'':10} {MESSAGES} messages, {ROOMS} rooms, kills {kills}, doubled {doubled}, seed {SEED}")
        assert not lost, f"lost: {lost[:5]}"
        assert not disordered, f"out of order: {disordered[:3]}"
        # a killed translator takes at most what it had in flight with it: one per room
        assert doubled <= answers_lost * ROOMS, f"{doubled} doubled, {answers_lost} answers could be lost"
        wait_until(lambda: stack.audit()[0], lambda: stack.audit()[1], 60)


def test_messages_without_any_kill_are_never_doubled():
    rooms, messages = 4, 156   # WhatsApp lets one person have 45 in a burst, then one in 6 s
    with Stack() as stack:
        stack.start_all()
        for room in range(rooms):
            for network, user in people_of(room).items():
                stack.control("people", {"network": network, "user_id": user, "name": network.title()})
            stack.make_room(f"calm {room}", *people_of(room).items())
        for i in range(messages):
            network = NETWORKS[(i // rooms) % 3]
            stack.control("say", {"network": network, "person": people_of(i % rooms)[network], "text": f"#{i}."})
        due = messages // rooms * 2 // 3
        for room in range(rooms):
            for network, user in people_of(room).items():
                numbers = lambda: [t.rsplit("#", 1)[1] for t in received(stack, network, user) if "#" in t]
                wait_until(lambda: len(numbers()) >= due, f"{due} on {network}", 60)
                assert len(numbers()) == len(set(numbers())) == due, f"{network}: {len(numbers())} shown"
