"""What a service may know: without role `addresses` it reads what people said, and never learns who or where they are."""

import json
import os
import re

from people import NAMES, find, react, room_of_three, say, wait_for_text
from stack import NETWORKS, PEOPLE, Stack, wait_until
from webhooks import post, wa_post

PICTURE = {"from": PEOPLE["whatsapp"], "id": "wamid.PICTUREMARK", "timestamp": "1790000001", "type": "image",
           "image": {"id": "mediamark77", "mime_type": "image/jpeg", "sha256": "c2hh", "caption": "a view"}}
POLL = {"from": PEOPLE["whatsapp"], "id": "wamid.POLLMARK", "timestamp": "1790000001", "type": "hologram",
        "hologram": {"title": "rawmark88"}}


def tail(stack, keyring):
    """Everything there is so far, as this service sees it: the lines of `trefoil tail --json`."""
    stack.spawn("tail-" + keyring, [os.path.join(stack.bin, "trefoil"), "tail", "--json", "--from", "earliest"], {
        "TREFOIL_KEYRING": os.path.join(stack.dir, "trust/keys", keyring + ".keyring"),
        "TREFOIL_GATEWAY": f"tcp://127.0.0.1:{stack.base}"})
    path = os.path.join(stack.dir, "log", f"tail-{keyring}.log")
    read = lambda: open(path).read()
    wait_until(lambda: "the last words" in read(), f"the end of the tail as {keyring}", 20)
    stack.kill("tail-" + keyring)
    return read(), [json.loads(line) for line in read().splitlines() if line.startswith("{") and line.endswith("}")]


def conversation(stack):
    """Something of every kind that carries ids: the network ids that were in it."""
    room_of_three(stack)
    ids = [say(stack, "whatsapp", "the question")]
    quoted = wait_for_text(stack, "messenger", "the question")["id"]
    ids += [quoted, say(stack, "messenger", "the answer", reply_to=quoted)]
    loved = wait_for_text(stack, "instagram", "the answer")["id"]
    ids.append(loved)
    react(stack, "instagram", loved, "\u2764\ufe0f")
    for message in (PICTURE, POLL):
        assert post(stack, "whatsapp", wa_post([[message]]))[0] == 200
    ids.append(say(stack, "whatsapp", "the last words"))
    wait_for_text(stack, "messenger", "the last words")
    return ids


def test_service_without_addresses_sees_words_and_names_and_relations_but_no_ids():
    with Stack() as stack:
        stack.start_all()
        ids = conversation(stack)
        text, lines = tail(stack, "echo-bot")
        for mark in ids + list(PEOPLE.values()) + ["wamid", "PICTUREMARK", "mediamark77", "rawmark88"]:
            assert mark not in text, f"{mark} is shown to a service without addresses"
        assert not re.search(r'"user_id":"', text) and '"unreadable"' not in text, text
        said = {l["text"]: l for l in lines if l.get("text")}
        assert said["the question"]["author"]["name"] == NAMES["whatsapp"]
        assert said["the answer"]["author"]["name"] == NAMES["messenger"]
        assert said["the answer"]["relates"] == [said["the question"]["envelope"]]
        assert said["\u2764\ufe0f"]["relates"] == [said["the answer"]["envelope"]]
        assert any("a view" in (l["fallback"] or l["text"] or "") for l in lines), lines
        assert any(l["kind"] == "unsupported" and l["network_kind"] == "hologram" for l in lines), lines
        assert any(l["kind"] == "receipt" and l["relates"] for l in lines), lines


def test_service_with_addresses_sees_who_it_was():
    with Stack() as stack:
        stack.start_all()
        conversation(stack)
        _, lines = tail(stack, "admin")
        said = {l["text"]: l for l in lines if l.get("text")}
        for words, network in (("the question", "whatsapp"), ("the answer", "messenger"), ("\u2764\ufe0f", "instagram")):
            assert said[words]["user_id"] == said[words]["author"]["user_id"] == PEOPLE[network], said[words]
        assert said["the answer"]["relates"] == [said["the question"]["envelope"]]


def test_bot_without_addresses_answers_and_the_answer_quotes_in_every_network():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        stack.spawn("bot", [os.path.join(os.path.dirname(stack.bin), "tests/bus/bus.echo_bot"),
                            f"tcp://127.0.0.1:{stack.base}", os.path.join(stack.dir, "trust/keys/echo-bot.keyring")])
        wait_until(lambda: "peer-joined service=echo-bot" in open(os.path.join(stack.dir, "log/gateway.log")).read(), "bot")
        wait_until(lambda: say(stack, "whatsapp", "knock") and find(stack, "whatsapp", "echo: knock"), "the bot awake", 20, 0.5)
        mine = say(stack, "whatsapp", "anybody there?")
        assert wait_for_text(stack, "whatsapp", "echo: anybody there?")["reply_to"] == mine
        for network in set(NETWORKS) - {"whatsapp"}:
            answer = wait_for_text(stack, network, "echo: anybody there?")
            theirs = [b for b in find(stack, network, "anybody there?") if b["id"] != answer["id"]]
            assert [b["id"] for b in theirs] == [answer["reply_to"]], (theirs, answer)
