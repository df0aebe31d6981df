"""How comparable systems lose messages, and that this one does not: see ../STORIES.md."""

import json
import os
import signal
import time

from bus import ACK, CREDIT, DELIVER, ROSTER_GET, ROSTER_IS, SUBSCRIBE, WELCOME, Peer, channels, field, fields, first
from crowd import start_reader
from link import Link
from people import bubbles, find, received, room_of_three, say, wait_for_text
from stack import ACCOUNTS, NETWORKS, PEOPLE, Stack, http, wait_until
from webhooks import meta_item, meta_post, post, text_post, wa_message, wa_post


def others(network):
    return [n for n in NETWORKS if n != network]


def read_by(stack, name="reader"):
    """What a reader wrote, without the line that is being written."""
    with open(os.path.join(stack.dir, "log", name + ".log"), errors="replace") as log:
        return [json.loads(line) for line in log if line.startswith("{") and line.endswith("}\n")]


def why_not_ready(stack, name):
    return http("GET", stack.admin_url(name) + "/readyz", timeout=5)


# What stands before the messages in one post, from the merely odd to what no network would send.
STATUSES = [{"id": "wamid.X1", "status": "warehoused", "timestamp": "1790000030", "recipient_id": "15551230001"},
            {"id": "wamid.X2", "status": 5, "timestamp": [], "recipient_id": {}},
            {"id": "wamid.X3", "status": "failed", "timestamp": "1790000030", "recipient_id": "15551230001", "errors": "none"},
            {"id": None, "status": "read"}, 7, None, "sent", []]
EVENTS = [{"delivery": {"mids": "none", "watermark": "soon"}}, {"read": 5}, {"read": {"watermark": -1, "mid": []}}, {"delivery": None},
          {"reaction": {"mid": "m_none", "action": "dance"}}, {"nothing we know": {}}]


def test_status_that_makes_no_sense_does_not_take_the_messages_behind_it_along():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        body = json.loads(wa_post([[{**wa_message(i, f"behind it {i}."), "timestamp": str(int(time.time()))} for i in range(3)]]))
        value = body["entry"][0]["changes"][0]["value"]
        value["statuses"] = STATUSES
        body["entry"][0]["changes"].insert(0, {"field": "messages", "value": {**{k: v for k, v in value.items() if k != "messages"}}})
        assert post(stack, "whatsapp", json.dumps(body).encode())[0] == 200
        for network in ("messenger", "instagram"):
            items = [meta_item(network, event) for event in EVENTS] + [7, None]
            items += [meta_item(network, {"message": {"mid": f"m_behind_{network}_{i}", "text": f"behind it {i}."}}) for i in range(3)]
            assert post(stack, network, meta_post(network, items))[0] == 200
        for network in NETWORKS:
            wait_until(lambda: len(find(stack, network, "behind it")) == 6, lambda: f"six on {network}: {received(stack, network)}")


def test_first_message_of_somebody_never_seen_is_told_to_every_service():
    with Stack() as stack:
        stack.start_all()
        start_reader(stack)
        stack.control("faults", {"network": "all", "fault": "slow", "delay_ms": 400})   # the name comes late
        strangers = {"whatsapp": "15559990001", "messenger": "9990000000000001", "instagram": "9990000000000002"}
        for network, person in strangers.items():
            assert post(stack, network, text_post(network, f"first-{network}", f"my first words, {network}", person))[0] == 200
        for network in strangers:
            wait_until(lambda: [e for e in read_by(stack) if e["text"] == f"my first words, {network}"], f"told of {network}")
        rooms = {e["room"] for e in read_by(stack) if (e["text"] or "").startswith("my first words")}
        assert len(rooms) == len(strangers), rooms


def test_what_is_said_while_everything_is_down_arrives_when_it_is_up():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        for name in ("gateway", *NETWORKS):
            stack.kill(name)
        for network in NETWORKS:
            for i in range(3):
                say(stack, network, f"anybody there? {network} {i}.")
        for name in ("gateway", *NETWORKS):
            stack.again(name)
        stack.wait_ready()
        for network in NETWORKS:
            for other in others(network):
                wait_until(lambda: [b["text"].split()[-1] for b in find(stack, other, f"anybody there? {network}")] == ["0.", "1.", "2."],
                           lambda: f"three of {network} on {other}: {received(stack, other)}", 40)


def test_link_that_hangs_turns_readiness_red_and_loses_nothing():
    with Stack() as stack:
        link = Link(stack.base)
        try:
            stack.start("gateway")
            stack.start("sandbox")
            for network in NETWORKS:
                stack.start(network, env={"TREFOIL_GATEWAY_ENDPOINT": f"tcp://127.0.0.1:{link.port}"} if network == "messenger" else None)
            stack.wait_ready()
            room_of_three(stack)
            link.is_frozen = True   # nothing is closed, nothing passes
            say(stack, "messenger", "into the frozen pipe")
            say(stack, "whatsapp", "out of the frozen pipe")
            wait_until(lambda: not stack.ready("messenger"), "readiness of the translator that is cut off")
            status, why = why_not_ready(stack, "messenger")
            assert status == 503 and b"bus not connected" in why, (status, why)
            assert stack.ready("whatsapp") and stack.ready("gateway"), "others are red because of it"
            wait_until(lambda: stack.metric("gateway", "trefoil_peers") == 2, "the gateway noticed, too")
            link.heal()
            wait_until(lambda: stack.ready("messenger"), "green again")
            wait_for_text(stack, "whatsapp", "into the frozen pipe", timeout=40)
            wait_for_text(stack, "messenger", "out of the frozen pipe", timeout=40)
            assert len(find(stack, "whatsapp", "into the frozen pipe")) == len(find(stack, "messenger", "out of the frozen pipe")) == 1
        finally:
            link.close()


def test_gateway_that_hangs_turns_every_translator_red():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        os.kill(stack.pid("gateway"), signal.SIGSTOP)
        for network in NETWORKS:
            wait_until(lambda: why_not_ready(stack, network)[0] == 503, f"{network} red")
        say(stack, "instagram", "said to a sleeper")
        os.kill(stack.pid("gateway"), signal.SIGCONT)
        stack.wait_ready()
        for other in others("instagram"):
            wait_for_text(stack, other, "said to a sleeper", timeout=40)


def test_service_that_fails_before_it_acknowledges_is_handed_the_message_again():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)

        def take(acknowledges):
            """(seq, envelope) of the first that a service is handed; it dies with it, acknowledged or not."""
            with Peer(stack) as service:
                service.hello()
                assert service.wait_for(WELCOME)
                channel = channels(first(service.wait_for(ROSTER_IS), 1))["main"]
                service.send(field(SUBSCRIBE, field(1, channel) + field(2, "frail") + field(3, 2) + field(6, 1)))
                service.send(field(CREDIT, field(1, 1) + field(2, 1 << 20)))
                body = service.wait_for(DELIVER, 10_000)
                assert body, "nothing is handed to it"
                delivery = first(body, 2)
                if acknowledges:
                    service.send(field(ACK, field(1, 1) + field(2, field(1, first(delivery, 1)) + field(2, 1))))
                    service.send(field(ROSTER_GET, b""))
                    assert service.wait_for(ROSTER_IS), "what came before this answer has been read"
                return first(delivery, 1), first(delivery, 2)

        with Peer(stack) as service:   # makes the subscription: from now on
            service.hello()
            assert service.wait_for(WELCOME)
            service.read(channels(first(service.wait_for(ROSTER_IS), 1))["main"], "frail", credit=0)
        say(stack, "whatsapp", "one")
        say(stack, "whatsapp", "two")
        wait_for_text(stack, "messenger", "two")
        failed, again, after = take(acknowledges=False), take(acknowledges=True), take(acknowledges=False)
        assert failed == again, (failed[0], again[0])
        assert after[0] > again[0], (after[0], again[0])


def test_send_that_fails_is_told_to_its_author_and_listed_with_its_reason():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        stack.control("faults", {"network": "instagram", "fault": "error", "count": 1, "status": 400, "code": 100, "subcode": 2018001})
        say(stack, "whatsapp", "this one fails")
        wait_for_text(stack, "messenger", "this one fails")
        letters = wait_until(lambda: stack.cli("dead", "list").stdout if ACCOUNTS["instagram"] in stack.cli("dead", "list").stdout else "", "the letter")
        assert "100" in letters and "2018001" in letters, letters
        assert stack.metric("instagram", "trefoil_sends_total", outcome="bounced") == 1
        notice = wait_until(lambda: [b["text"] for b in bubbles(stack, "whatsapp") if b["direction"] == "in"], "the notice to the author")
        assert len(notice) == 1 and "Instagram" in notice[0], notice
