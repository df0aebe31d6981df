"""Many rooms of three in which numbered things are said, and what the phones and one subscriber saw of them. Never decides how
much doubling is too much."""

import json
import os
import re
import threading
import time

from people import received
from stack import NETWORKS, wait_until


def people_of(room):
    return {"whatsapp": f"1555200{room:04d}", "messenger": f"65432200{room:06d}", "instagram": f"12345200{room:06d}"}


def start_reader(stack, name="reader"):
    """A subscriber that writes down all it is given; again() goes on where it was."""
    env = {"TREFOIL_KEYRING": os.path.join(stack.dir, "trust/keys/echo-bot.keyring"),
           "TREFOIL_GATEWAY": f"tcp://127.0.0.1:{stack.base}"}
    command = [os.path.join(stack.bin, "trefoil"), "tail", "--json", "--name", name]
    stack.spawn(name, [*command, "--from", "earliest"], env)
    stack.commands[name] = (command, env)


def read_by(stack, name="reader"):
    """[(room, number)] of the numbered texts a reader wrote, in its order; a line cut by a kill is left out."""
    texts = []
    with open(os.path.join(stack.dir, "log", name + ".log"), errors="replace") as log:
        for line in log:
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if said.get("kind") == "text" and re.fullmatch(r"#\d+\.", said["text"]):
                texts.append((said["room"], int(said["text"][1:-1])))
    return texts


class Crowd:
    """Talks in a thread of its own until told to stop; one network after the other in each room."""

    def __init__(self, stack, rooms, rate):
        self.stack, self.rooms, self.rate = stack, rooms, rate
        self.n_said, self.problems, self.is_over = 0, [], threading.Event()
        self.thread = threading.Thread(target=self._talk, daemon=True)
        for room in range(rooms):
            for network, user in people_of(room).items():
                stack.control("people", {"network": network, "user_id": user, "name": f"P{room}{network[0].upper()}"})
            stack.make_room(f"room {room}", *people_of(room).items())

    def room_of(self, number):
        return number % self.rooms

    def network_of(self, number):
        return NETWORKS[(number // self.rooms) % len(NETWORKS)]

    def _talk(self):
        began = time.monotonic()
        try:
            while not self.is_over.is_set():
                if self.n_said > (time.monotonic() - began) * self.rate:
                    self.is_over.wait(0.005)
                    continue
                network = self.network_of(self.n_said)
                self.stack.control("say", {"network": network, "text": f"#{self.n_said}.",
                                           "person": people_of(self.room_of(self.n_said))[network]})
                self.n_said += 1
        except Exception as problem:  # told by stop()
            self.problems.append(problem)

    def start(self):
        self.thread.start()

    def say_more(self, n):
        """Waits until so many more have been said: whatever the caller does next happens in the middle of talk."""
        goal = self.n_said + n
        wait_until(lambda: self.n_said >= goal or self.problems, f"{n} more said", 60)

    def stop(self):
        self.is_over.set()
        self.thread.join()
        assert not self.problems, self.problems

    def due(self, room, network):
        return [n for n in range(self.n_said) if self.room_of(n) == room and self.network_of(n) != network]

    def shown(self, room, network):
        return [int(t.rsplit("#", 1)[1].rstrip(".")) for t in received(self.stack, network, people_of(room)[network]) if "#" in t]

    def is_in_order(self, numbers):
        """What each author said comes in the order it was said in."""
        lines = [[n for n in numbers if self.network_of(n) == network] for network in NETWORKS]
        return all(line == sorted(line) for line in lines)

    def wait_for_all(self, timeout=120):
        for room in range(self.rooms):
            for network in NETWORKS:
                wait_until(lambda: set(self.due(room, network)) <= set(self.shown(room, network)),
                           lambda: f"all of room {room} on {network}: {sorted(set(self.due(room, network)) - set(self.shown(room, network)))[:5]}",
                           timeout)

    def assert_each_once_and_in_order(self):
        for room in range(self.rooms):
            for network in NETWORKS:
                numbers = self.shown(room, network)
                assert len(numbers) == len(set(numbers)), f"room {room} on {network} doubled: {[n for n in numbers if numbers.count(n) > 1][:5]}"
                assert self.is_in_order(numbers), f"room {room} on {network} out of order: {numbers}"

    def assert_read_once_and_in_order(self, name="reader", timeout=60):
        wait_until(lambda: {n for _, n in read_by(self.stack, name)} >= set(range(self.n_said)), f"all at {name}", timeout)
        read = [n for _, n in read_by(self.stack, name)]
        assert len(read) == len(set(read)) == self.n_said, f"{name} has {len(read)} of {self.n_said}"
        for room in range(self.rooms):
            assert self.is_in_order([n for n in read if self.room_of(n) == room]), f"room {room} out of order at {name}"
