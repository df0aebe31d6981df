"""Keys and members change while people talk: wrap keys are renewed, services leave and come, and nothing is lost."""

import json
import os
import shutil
import signal
import threading
import time

from bus import SUBSCRIBE, WELCOME, Peer, field, fields, first, keyring
from people import received, room_of_three, say
from stack import NETWORKS, PEOPLE, Stack, wait_until

DELIVER, CREDIT, GRANT_GET, GRANT_IS = 7, 10, 12, 13   # of control.proto's Frame
ALL, EARLIEST = 2, 2


class Talk:
    """People who say numbered things at a steady pace until told to stop. Its own thread starts no process."""

    def __init__(self, stack, pause=0.25):
        self.stack, self.pause, self.said, self.problems = stack, pause, [], []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stopped.is_set():
            number, network = len(self.said), NETWORKS[len(self.said) % 3]
            try:
                say(self.stack, network, f"#{number}.")
            except Exception as problem:
                self.problems.append(problem)
                return
            self.said.append(network)
            self.stopped.wait(self.pause)   # a pace; nothing is decided by it

    def more(self, count, timeout=60):
        """Until that many more have been said; the number of the first of them."""
        first = len(self.said)
        wait_until(lambda: self.problems or len(self.said) >= first + count, "more talk", timeout)
        return first

    def stop(self):
        self.stopped.set()
        self.thread.join()
        assert not self.problems, self.problems
        return len(self.said)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.stopped.set()
        self.thread.join()
        return False


def follow(stack, name, service, keyring=None):
    """A durable reader of everything, in the service's name."""
    stack.spawn(name, [os.path.join(stack.bin, "trefoil"), "tail", "--json", "--name", name, "--from", "earliest"], {
        "TREFOIL_KEYRING": keyring or keyring_of(stack, service),
        "TREFOIL_GATEWAY": f"tcp://127.0.0.1:{stack.base}"})


def keyring_of(stack, service):
    return os.path.join(stack.dir, "trust/keys", service + ".keyring")


def lines(stack, name):
    """What a reader wrote; a line cut by its end is left out."""
    out = []
    with open(os.path.join(stack.dir, "log", name + ".log"), errors="replace") as log:
        for line in log:
            try:
                out.append(json.loads(line))
            except ValueError:
                continue
    return out


def log_of(stack, name):
    with open(os.path.join(stack.dir, "log", name + ".log"), errors="replace") as log:
        return log.read()


def numbers(stack, name):
    return [int(said["text"][1:-1]) for said in lines(stack, name)
            if said.get("kind") == "text" and said["text"].startswith("#")]


def seqs(stack, name):
    return {said["seq"] for said in lines(stack, name) if said.get("seq")}


def unreadable(stack, name):
    return [said["unreadable"] for said in lines(stack, name) if said.get("unreadable")]


def shown(stack, network):
    return [int(text.rsplit("#", 1)[1].rstrip(".")) for text in received(stack, network) if "#" in text]


def all_arrived(stack, talk, timeout=90):
    """Everything said is on the two other phones, once, and the books add up."""
    count = talk.stop()
    for network in NETWORKS:
        due = [i for i in range(count) if talk.said[i] != network]
        wait_until(lambda: len(shown(stack, network)) >= len(due),
                   lambda: f"all on {network}: missing {sorted(set(due) - set(shown(stack, network)))[:9]}", timeout)
        assert sorted(shown(stack, network)) == due, f"{network}: {sorted(shown(stack, network))}"
    wait_until(lambda: stack.audit()[0], lambda: stack.audit()[1], 30)
    for network in NETWORKS:
        assert stack.metric(network, "trefoil_deliveries_unreadable_total") == 0, f"{network} could not open something"
    return count


def grants(stack):
    """[(roster version, {service name: wrap generation})] of every envelope in the journal, in its order, as the desk
    sees them on the wire: who can open what is written in the grants, whatever anybody says."""
    roster = json.loads(stack.cli("roster", "show", "--json").stdout)
    names = {keyring(stack, n)[2]: n for n in ("echo-bot", "admin", *NETWORKS)}
    journal, known = {}, {}
    with Peer(stack, "admin") as peer:
        peer.hello("admin")
        assert peer.wait_for(WELCOME)
        peer.send(field(SUBSCRIBE, field(1, bytes.fromhex(roster["channels"][0]["id"])) + field(3, ALL) +
                        field(4, EARLIEST) + field(6, 1)))
        peer.send(field(CREDIT, field(1, 10000) + field(2, 64 << 20)))
        while (deliver := peer.wait_for(DELIVER, 1000)) is not None:
            for number, delivery in fields(deliver):
                if number == 2 and first(delivery, 1, 0):
                    journal[first(delivery, 1, 0)] = first(first(first(delivery, 2), 1), 14)
        for key_id in set(journal.values()):
            peer.send(field(GRANT_GET, field(1, key_id)))
            body = first(first(peer.wait_for(GRANT_IS), 2), 1)
            assert body, "an envelope whose grant is not known"
            known[key_id] = (first(body, 5), {names.get(first(w, 1), "?"): first(w, 2) for n, w in fields(body) if n == 11})
    return [known[key_id] for _, key_id in sorted(journal.items())]


def restart(stack, name):
    """The gentle way: it finishes what it has."""
    assert stack.kill(name, signal.SIGTERM) == 0, f"{name} did not end well"
    stack.again(name)


def test_wrap_keys_are_renewed_under_traffic_and_nothing_becomes_unreadable():
    with Stack() as stack:
        stack.start_all()
        stack.start("whatsapp", 2)
        wait_until(lambda: stack.ready("whatsapp", 2), "the second replica", 20)
        room_of_three(stack)
        old = os.path.join(stack.dir, "old.keyring")
        shutil.copy2(keyring_of(stack, "echo-bot"), old)
        follow(stack, "reader", "echo-bot")
        with Talk(stack, pause=0.6) as talk:   # WhatsApp lets one person have 45 in a burst, then one in 6 s
            talk.more(9)
            week = 7 * 24 * 3600
            assert stack.metric("gateway", "trefoil_wrap_key_expires_seconds", service="whatsapp") > 3 * week
            begun = time.monotonic()
            # senders look 5 minutes ahead for clocks that differ: this key is used in 20 s
            done = stack.cli("keys", "renew", "--after", "320s", keyring_of(stack, "whatsapp"), keyring_of(stack, "echo-bot"))
            assert "whatsapp: generation 2" in done.stdout and "echo-bot: generation 2" in done.stdout, done.stdout
            assert os.stat(keyring_of(stack, "echo-bot")).st_mode & 0o777 == 0o600
            before = stack.metric("gateway", "trefoil_wrap_key_expires_seconds", service="whatsapp")
            for name, replica in (("whatsapp", 1), ("whatsapp-2", 2)):
                restart(stack, name)
                wait_until(lambda: stack.ready("whatsapp", replica), f"{name} ready again", 20)
                talk.more(3)
            restart(stack, "reader")
            after = stack.metric("gateway", "trefoil_wrap_key_expires_seconds", service="whatsapp")
            assert after > before + 200, f"the gateway has not heard of the new key: {before} {after}"
            assert time.monotonic() - begun < 20, "too slow: the new key was in use before everybody had it"
            wait_until(lambda: time.monotonic() - begun > 21, "its time", 30)
            stack.cli("roster", "sign", "--push")   # everybody makes new sending keys, for the new wrap keys
            renewed = talk.more(12) + 3
            count = all_arrived(stack, talk)
        wait_until(lambda: set(numbers(stack, "reader")) == set(range(count)), "all at the reader", 30)
        assert not unreadable(stack, "reader"), unreadable(stack, "reader")[:3]

        sealed = grants(stack)
        assert {g["whatsapp"] for v, g in sealed if v == 1} == {1} and {g["whatsapp"] for v, g in sealed if v == 2} == {2}
        assert {g["echo-bot"] for v, g in sealed if v == 2} == {2} and {g["messenger"] for _, g in sealed} == {1}

        # proof that the new keys are in use: who has only the old one opens what is older, and nothing newer
        follow(stack, "outdated", "echo-bot", old)
        wait_until(lambda: unreadable(stack, "outdated"), "something the old key does not open", 30)
        wait_until(lambda: seqs(stack, "outdated") >= seqs(stack, "reader"), "all at the outdated reader", 30)
        opened = set(numbers(stack, "outdated"))
        assert set(range(9)) <= opened and not opened & set(range(renewed, count)), sorted(opened)
        print(f"{'':10} {count} messages; {len(unreadable(stack, 'outdated'))} envelopes only the new wrap key opens")


def test_a_removed_service_is_out_at_once_and_nobody_else_loses_anything():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        follow(stack, "bot", "echo-bot")
        follow(stack, "desk", "admin")
        with Talk(stack, pause=0.1) as talk:
            talk.more(15)
            wait_until(lambda: len(numbers(stack, "bot")) >= 9, "the bot reads", 20)
            dropped = stack.metric("gateway", "trefoil_peers_dropped_total")
            stack.cli("roster", "remove", "echo-bot", "--push")
            pushed = time.monotonic()
            wait_until(lambda: stack.metric("gateway", "trefoil_peers_dropped_total") > dropped, "the bot dropped", 2)
            took = time.monotonic() - pushed
            cut = talk.more(1) + 3
            talk.more(25)
            stack.kill("bot")
            follow(stack, "again", "echo-bot")
            talk.more(6)
            count = all_arrived(stack, talk)
        assert not [n for n in numbers(stack, "bot") if n >= cut], f"read after {cut}: {numbers(stack, 'bot')[-5:]}"
        assert not lines(stack, "again") and "roster" in log_of(stack, "again"), log_of(stack, "again")[-300:]
        wait_until(lambda: set(numbers(stack, "desk")) == set(range(count)), "all at the desk", 30)
        for network in NETWORKS:
            assert stack.metric(network, "trefoil_publish_rejected_total") == 0, f"{network} was refused for good"

        stack.kill("again")

        # the grants tell: from the first under the new roster on, none names it, and none of the old roster follows
        sealed = grants(stack)
        versions = [version for version, _ in sealed]
        assert versions == sorted(versions) and set(versions) == {1, 2}, versions
        assert all("echo-bot" in g for v, g in sealed if v == 1) and not any("echo-bot" in g for v, g in sealed if v == 2)
        assert all(set(g) == {"admin", *NETWORKS} for v, g in sealed if v == 2), sealed[-1]
        print(f"{'':10} {count} messages, dropped {took * 1000:.0f} ms after the push")


def test_a_service_that_is_added_reads_what_comes_from_then_on():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        follow(stack, "desk", "admin")
        with Talk(stack) as talk:
            talk.more(12)
            stack.cli("roster", "add", "crm", "--push")
            follow(stack, "crm", "crm")
            first = talk.more(1) + 4   # what was on its way is under the keys before
            talk.more(18)
            count = all_arrived(stack, talk)
        wait_until(lambda: set(numbers(stack, "desk")) == set(range(count)), "all at the desk", 30)
        wait_until(lambda: seqs(stack, "crm") >= seqs(stack, "desk"), "everything handed to crm", 30)
        read = set(numbers(stack, "crm"))
        assert set(range(first, count)) <= read, f"from {first}: {sorted(read)}"
        assert 0 not in read and unreadable(stack, "crm"), "it opened what was said before it came"
        print(f"{'':10} {count} messages, read from #{min(read)}; {len(unreadable(stack, 'crm'))} before it came stay closed")


def test_ends_that_come_near_are_told_in_time():
    week = 7 * 24 * 3600
    with Stack() as stack:
        stack.start("gateway")
        wait_until(lambda: stack.ready("gateway"), "gateway ready", 20)
        stack.start("whatsapp")
        wait_until(lambda: stack.ready("whatsapp"), "whatsapp ready", 20)
        wait_until(lambda: stack.metric("whatsapp", "trefoil_roster_expires_seconds") > week, "the figures", 20)
        assert stack.metric("whatsapp", "trefoil_wrap_key_expires_seconds") > 3 * week
        assert "ends-soon" not in log_of(stack, "whatsapp")
        stack.cli("roster", "sign", "--valid", "6d", "--push")
        wait_until(lambda: log_of(stack, "whatsapp").count("roster-ends-soon") == 1, "the warning", 20)
        for name in ("gateway", "whatsapp"):
            assert 0 < stack.metric(name, "trefoil_roster_expires_seconds") < week, name
        assert stack.ready("gateway") and "wrap-key-ends-soon" not in log_of(stack, "whatsapp")
