"""The command line against a real gateway: rooms, sending, reading along, tracing, the books, a pushed roster."""

import json
import os
import re
import subprocess
import time

from link import Link
from stack import ACCOUNTS, PEOPLE, TOP, Stack, wait_until


def gateway_only(stack):
    stack.start("gateway")
    wait_until(lambda: stack.ready("gateway"), "gateway ready", 20)


def rooms(stack):
    return [json.loads(line) for line in stack.cli("room", "list", "--json").stdout.splitlines()]


def test_rooms_are_made_joined_left_and_listed_by_name_and_id():
    with Stack() as stack:
        gateway_only(stack)
        assert "No rooms yet" in stack.cli("room", "list").stdout
        made = stack.cli("room", "create", "Caf\u00e9 & co").stdout.strip()
        assert len(made) == 32
        address = f"{ACCOUNTS['whatsapp']}/{PEOPLE['whatsapp']}"
        other = f"{ACCOUNTS['messenger']}/{PEOPLE['messenger']}"
        stack.cli("room", "join", "Caf\u00e9 & co", address)
        stack.cli("room", "join", made, other)
        room = next(r for r in rooms(stack) if r["room"] == made)
        assert room["name"] == "Caf\u00e9 & co"
        assert {f"{m['account']}/{m['user_id']}" for m in room["members"]} == {address, other}
        stack.cli("room", "leave", other)
        room = next(r for r in rooms(stack) if r["room"] == made)
        assert [m["user_id"] for m in room["members"]] == [PEOPLE["whatsapp"]]

        stack.cli("room", "create", "Caf\u00e9 & co")
        done = stack.cli("room", "join", "Caf\u00e9 & co", address, check=False)
        assert done.returncode == 1 and "2 rooms are called" in done.stderr, done.stderr
        done = stack.cli("room", "join", "Nowhere", address, check=False)
        assert done.returncode == 1 and "no room is called 'Nowhere'" in done.stderr, done.stderr


def test_what_is_sent_is_tailed_traced_and_booked():
    with Stack() as stack:
        gateway_only(stack)
        stack.make_room("Trefoil", ("whatsapp", PEOPLE["whatsapp"]), ("messenger", PEOPLE["messenger"]))
        first = stack.cli("send", "Trefoil", "We open at nine.").stdout.strip()
        second = stack.cli("send", "Trefoil", "--reply-to", first, "--", "-5 \u00b0C today").stdout.strip()
        assert len(first) == len(second) == 32 and first != second

        done = stack.cli("tail", "--json", "--from", "earliest", "--count", "2", keyring="echo-bot")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert [l["text"] for l in lines] == ["We open at nine.", "-5 \u00b0C today"]
        assert [l["envelope"] for l in lines] == [first, second]
        assert lines[1]["relates"] == [first]
        assert lines[0]["sender"] == "admin" and lines[0]["author"]["name"] == "admin"

        human = stack.cli("tail", "--from", "earliest", "--count", "2", keyring="echo-bot").stdout
        assert "admin: We open at nine." in human and "\u21a9 \u201cWe open at nine.\u201d" in human, human

        hops = [json.loads(line) for line in stack.cli("trace", "--json", first).stdout.splitlines()]
        assert hops, "no hops"
        assert stack.cli("trace", first).stdout.count("\n") == len(hops) + 1
        done = stack.cli("trace", "00" * 16, check=False)
        assert done.returncode == 1, done.stdout

        good, text = stack.audit()
        assert good and "published 2" in text and "targets 4" in text and "pending 4" in text, text
        assert "No dead letters" in stack.cli("dead", "list").stdout
        done = stack.cli("dead", "show", "999", check=False)
        assert done.returncode == 1, done.stdout


class Mute(Link):
    """Passes everything up, and nothing down any more once much has gone up."""

    much = 30000
    up = 0

    def _send(self, selector, to, data):
        if to.getpeername()[1] == self.target:
            self.up += len(data)
        elif self.up > self.much:
            return
        super()._send(selector, to, data)


def test_what_was_sent_without_an_answer_is_said_again_under_its_id_and_is_there_once():
    with Stack() as stack:
        gateway_only(stack)
        room = stack.cli("room", "create", "Trefoil").stdout.strip()
        link, text = Mute(stack.base), "long " * 8000
        done = stack.cli("send", room, text, "--gateway", f"tcp://127.0.0.1:{link.port}", check=False)
        link.close()
        assert done.returncode == 1 and "within 5 s" in done.stderr, done.stderr
        told = re.search(r"may have been taken: trefoil trace ([0-9a-f]{32}); .*--id \1", done.stderr)
        assert told, done.stderr
        assert stack.cli("send", room, text, "--id", told[1]).stdout.strip() == told[1]
        good, books = stack.audit()
        assert good and "published 1 + duplicate 1" in books, books
        for wrong in ("x", "0" * 32):
            done = stack.cli("send", room, text, "--id", wrong, check=False)
            assert done.returncode == 2 and "--id" in done.stderr, done.stderr


def test_a_person_is_forgotten_and_the_books_still_balance():
    with Stack() as stack:
        gateway_only(stack)
        stack.make_room("Trefoil", ("whatsapp", PEOPLE["whatsapp"]), ("messenger", PEOPLE["messenger"]))
        for i in range(3):
            stack.cli("send", "Trefoil", f"m{i}")
        address = f"{ACCOUNTS['whatsapp']}/{PEOPLE['whatsapp']}"
        text = stack.cli("forget", address).stdout
        lines = {line.split(None, 1)[1]: int(line.split()[0]) for line in text.splitlines() if line.startswith("  ")}
        assert lines["address in the directory"] == 1 and lines["pending deliveries"] == 3, text
        assert "3 sealed messages by or to this person stay in the journal" in text, text
        assert [m["user_id"] for m in rooms(stack)[0]["members"]] == [PEOPLE["messenger"]]
        good, text = stack.audit()
        assert good and "dead 3 + pending 3" in text, text
        assert "No dead letters" in stack.cli("dead", "list").stdout
        stack.kill("gateway")
        stack.again("gateway")
        wait_until(lambda: stack.ready("gateway"), "gateway ready again", 20)
        good, text = stack.audit()
        assert good and "dead 3 + pending 3" in text, text
        done = stack.cli("forget", address, check=False)
        assert done.returncode == 1 and "no such thing" in done.stderr, done.stderr


def test_a_named_tail_goes_on_where_it_stopped():
    with Stack() as stack:
        gateway_only(stack)
        stack.make_room("Trefoil", ("whatsapp", PEOPLE["whatsapp"]))
        for i in range(3):
            stack.cli("send", "Trefoil", f"m{i}")
        tail = ("tail", "--json", "--name", "archive", "--count", "2")
        read = lambda *more: [json.loads(l)["text"] for l in stack.cli(*tail, *more, keyring="echo-bot").stdout.splitlines()]
        assert read("--from", "earliest") == ["m0", "m1"]
        stack.cli("send", "Trefoil", "m3")
        assert read() == ["m2", "m3"]


def test_a_tail_asks_once_for_a_name_that_nobody_tells_it():
    with Stack() as stack:
        gateway_only(stack)
        room = stack.cli("room", "create", "Trefoil").stdout.strip()
        path = os.path.join(stack.dir, "log", "tail.log")
        stack.spawn("tail", [os.path.join(stack.bin, "trefoil"), "tail", "--name", "steady", "--from", "earliest"], {
            "TREFOIL_KEYRING": os.path.join(stack.dir, "trust/keys/echo-bot.keyring"),  # no role addresses: no names
            "TREFOIL_GATEWAY": f"tcp://127.0.0.1:{stack.base}"})

        def frames(text):
            before = stack.metric("gateway", "trefoil_frames_total")
            stack.cli("send", room, text)
            wait_until(lambda: text in open(path).read(), "the line", 10)
            time.sleep(0.3)
            return stack.metric("gateway", "trefoil_frames_total") - before

        frames("at once")   # it has just asked
        counts = []
        for text in ("after a pause", "after another", "and a third"):
            time.sleep(2.2)
            counts.append(frames(text))
        assert counts[1] == counts[2] == counts[0] - 1, counts


def test_a_tail_whose_line_cannot_be_written_says_so():
    with Stack() as stack:
        gateway_only(stack)
        room = stack.cli("room", "create", "Trefoil").stdout.strip()
        stack.cli("send", room, "hello")
        with open("/dev/full", "w") as full:
            done = subprocess.run([os.path.join(stack.bin, "trefoil"), "tail", "--from", "earliest", "--count", "1"],
                                  stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True, timeout=30,
                                  env=dict(stack.env, TREFOIL_KEYRING=os.path.join(stack.dir, "trust/keys/echo-bot.keyring"),
                                           TREFOIL_GATEWAY=f"tcp://127.0.0.1:{stack.base}"))
        assert done.returncode == 1 and "cannot be written: No space left" in done.stderr, done


def test_a_tail_survives_a_gateway_that_dies():
    with Stack() as stack:
        gateway_only(stack)
        stack.make_room("Trefoil", ("whatsapp", PEOPLE["whatsapp"]))
        path = os.path.join(stack.dir, "log", "tail.log")
        stack.spawn("tail", [os.path.join(stack.bin, "trefoil"), "tail", "--json", "--name", "steady", "--from", "earliest"], {
            "TREFOIL_KEYRING": os.path.join(stack.dir, "trust/keys/echo-bot.keyring"),
            "TREFOIL_GATEWAY": f"tcp://127.0.0.1:{stack.base}"})
        read = lambda: open(path).read()
        stack.cli("send", "Trefoil", "before")
        wait_until(lambda: '"before"' in read(), "the first line", 10)
        stack.kill("gateway")
        wait_until(lambda: "is gone; waiting for it" in read(), "the loss noticed", 30)
        stack.again("gateway")
        wait_until(lambda: stack.ready("gateway"), "gateway ready again", 20)
        stack.cli("send", "Trefoil", "after")
        wait_until(lambda: '"after"' in read(), "the second line", 20)


def test_a_pushed_roster_lets_newcomers_in_and_keeps_the_removed_out():
    with Stack() as stack:
        gateway_only(stack)
        stack.cli("roster", "add", "crm", "--role", "service,addresses", "--push")
        stack.make_room("Trefoil", ("whatsapp", PEOPLE["whatsapp"]))
        done = stack.cli("send", "Trefoil", "from the desk", keyring="crm", check=False)
        assert done.returncode == 1 and "ids work without" in done.stderr, done.stderr
        room = rooms(stack)[0]["room"]
        assert len(stack.cli("send", room, "from the desk", keyring="crm").stdout.strip()) == 32
        stack.cli("roster", "remove", "crm")
        stack.cli("roster", "push")
        done = stack.cli("send", room, "still here?", keyring="crm", check=False)
        assert done.returncode == 1 and "in its roster" in done.stderr, done.stderr


def test_a_service_without_the_right_gets_a_no():
    with Stack() as stack:
        gateway_only(stack)
        done = stack.cli("audit", keyring="echo-bot", check=False)
        assert done.returncode == 1 and "says no" in done.stderr, done.stderr
        bin_ = os.path.join(stack.bin, "trefoil")
        done = subprocess.run([bin_, "audit"], capture_output=True, text=True, cwd=stack.dir,
                              env={k: v for k, v in stack.env.items() if not k.startswith("TREFOIL_")})
        assert done.returncode == 1 and "there is no keyring run/keys/admin.keyring" in done.stderr, done.stderr


def test_whatever_people_send_is_sent_as_json_and_tailed_the_same():
    folder = os.path.join(TOP, "tests/conformance/messages")
    with Stack() as stack:
        gateway_only(stack)
        room = stack.cli("room", "create", "Trefoil").stdout.strip()
        sent = []
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name)) as file:
                content = json.load(file).get("content")
            if not content or "typing" in content or "presence" in content:  # nobody keeps those
                continue
            path = os.path.join(stack.dir, name)
            with open(path, "w") as file:
                json.dump(content, file)
            stack.cli("send", room, "--json", path, "--lane", "bulk", "--purpose", "utility", "--strict", keyring="echo-bot")
            sent.append(dict(content, purpose="utility", strict=True))
        done = stack.cli("tail", "--json", "--from", "earliest", "--count", str(len(sent)), keyring="admin")
        tailed = [json.loads(line)["content"] for line in done.stdout.splitlines()]
        assert len(tailed) == len(sent) > 40
        for ours, theirs in zip(sent, tailed):
            assert ours == theirs, f"{ours}\n{theirs}"
