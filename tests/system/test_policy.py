"""Before anything is sent: reply windows, templates in their place, consent, strictness, one address for one person."""

import json
import os
import re
import time

from people import bubbles, find, received, room_of_three, say, wait_for_text
from stack import ACCOUNTS, PEOPLE, Stack, wait_until
from webhooks import post, wa_post

LONG_AGO_S = 26 * 3600


def requests_of(stack, network):
    """Messages the network was asked to send, by its own log."""
    return [c for c in stack.control("log")["newest"] if c["network"] == network and c["kind"] not in ("profile", "read", "typing")]


def old_message(text, age_s=LONG_AGO_S):
    return {"from": PEOPLE["whatsapp"], "id": f"wamid.OLD{os.urandom(6).hex()}", "timestamp": str(int(time.time()) - age_s),
            "type": "text", "text": {"body": text}}


def everything(stack):
    """What a service reads of the journal so far."""
    published = int(stack.metric("gateway", "trefoil_envelopes_total", verdict="published"))
    done = stack.cli("tail", "--json", "--from", "earliest", "--count", str(published))
    return [json.loads(line) for line in done.stdout.splitlines()]


def failures(stack):
    return [e["content"]["receipt"] for e in everything(stack) if e["kind"] == "receipt" and e["content"]["receipt"].get("state") == "failed"]


def configure(stack, network, account="", top=""):
    """Adds keys to the configuration of a translator, of its account or at the top."""
    path = os.path.join(stack.dir, "config", network + ".yaml")
    with open(path) as file:
        text = file.read()
    text = re.sub(r"(?m)^(    token_file:)", account + r"\1", text, count=1) if account else text
    with open(path, "w") as file:
        file.write(text + top)


def test_message_outside_the_reply_window_is_refused_here_and_its_author_told():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        assert post(stack, "whatsapp", wa_post([[old_message("long ago")]]))[0] == 200
        wait_for_text(stack, "messenger", "long ago")
        before = len(requests_of(stack, "whatsapp"))
        say(stack, "messenger", "are you still there?")
        wait_for_text(stack, "instagram", "are you still there?")
        told = wait_until(lambda: failures(stack), "the author's notice")
        assert "window" in told[0]["reason"], told
        assert len(requests_of(stack, "whatsapp")) == before, "the network was asked all the same"
        say(stack, "whatsapp", "yes, I am")
        wait_for_text(stack, "messenger", "yes, I am")
        say(stack, "messenger", "good to hear")
        wait_for_text(stack, "whatsapp", "good to hear")
        ok, text = stack.audit()
        assert ok, text


def test_reply_window_opened_just_before_a_kill_of_the_gateway_is_open_after_it():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        assert post(stack, "whatsapp", wa_post([[old_message("long ago")]]))[0] == 200
        wait_for_text(stack, "messenger", "long ago")
        say(stack, "whatsapp", "here I am")   # its row is written seconds later: the journal has to tell
        wait_for_text(stack, "messenger", "here I am")
        stack.kill("gateway")
        stack.again("gateway")
        say(stack, "messenger", "good to hear")
        wait_for_text(stack, "whatsapp", "good to hear", timeout=60)
        assert not failures(stack), failures(stack)
        ok, text = stack.audit()
        assert ok, text


def test_template_takes_the_place_of_a_message_outside_the_window():
    with Stack() as stack:
        configure(stack, "whatsapp", account='    window_template: "come_back"\n    window_template_language: "en_US"\n')
        stack.start_all()
        room_of_three(stack)
        assert post(stack, "whatsapp", wa_post([[old_message("long ago")]]))[0] == 200
        wait_for_text(stack, "messenger", "long ago")
        say(stack, "messenger", "we have news for you")
        shown = wait_until(lambda: [b for b in bubbles(stack, "whatsapp") if b["kind"] == "template"], "a template on WhatsApp")[0]
        assert shown["template"]["name"] == "come_back", shown
        assert "we have news for you" in json.dumps(shown), shown
        said = [e for e in everything(stack) if e.get("text") == "we have news for you"][0]
        assert "text→template" in stack.cli("trace", said["envelope"]).stdout


def said_long_ago(network, age_s):
    """A webhook of Messenger or Instagram in which the person of the kit spoke so long ago."""
    account, at_ms = ACCOUNTS[network].split("/")[1], (int(time.time()) - age_s) * 1000
    return json.dumps({"object": "page" if network == "messenger" else "instagram", "entry": [{"id": account, "time": at_ms, "messaging": [
        {"sender": {"id": PEOPLE[network]}, "recipient": {"id": account}, "timestamp": at_ms,
         "message": {"mid": f"m_{os.urandom(9).hex()}", "text": f"long ago on {network}"}}]}]}).encode()


def test_human_agent_may_answer_for_a_week_where_the_network_lets_him():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        for network in ("messenger", "instagram"):
            assert post(stack, network, said_long_ago(network, LONG_AGO_S if network == "messenger" else 8 * 86400))[0] == 200
            wait_for_text(stack, "whatsapp", f"long ago on {network}")
            stack.control("faults", {"network": network, "fault": "window_closed"})   # for whoever comes without the tag
        before = {network: len(requests_of(stack, network)) for network in PEOPLE}
        for name, purpose in (("plain.json", {}), ("agent.json", {"purpose": "human_agent"})):
            path = os.path.join(stack.dir, name)
            with open(path, "w") as file:
                json.dump({"author": {"name": "Desk"}, "text": {"body": f"said by {name}"}, **purpose}, file)
            stack.cli("send", "Trefoil", "--json", path)
        wait_for_text(stack, "messenger", "said by agent.json")
        wait_until(lambda: "pending 0" in stack.audit()[1], "all ended")
        asked = {network: len(requests_of(stack, network)) - before[network] for network in before}
        assert asked == {"whatsapp": 2, "messenger": 1, "instagram": 0}, asked
        assert not find(stack, "messenger", "said by plain.json") and not find(stack, "instagram", "said by")


def test_who_withdrew_consent_gets_no_campaign_but_still_an_answer():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        say(stack, "whatsapp", "hello")
        wait_for_text(stack, "messenger", "hello")
        body = json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "user_preferences", "value": {
            "messaging_product": "whatsapp", "metadata": {"display_phone_number": "15550001111", "phone_number_id": "106540000000002"},
            "contacts": [{"profile": {"name": "Ana"}, "wa_id": PEOPLE["whatsapp"]}],
            "user_preferences": [{"wa_id": PEOPLE["whatsapp"], "detail": "stop", "category": "marketing_messages", "value": "stop",
                                  "timestamp": int(time.time())}]}}]}]}).encode()
        assert post(stack, "whatsapp", body)[0] == 200
        campaign = os.path.join(stack.dir, "campaign.json")
        with open(campaign, "w") as file:
            json.dump({"author": {"name": "Shop"}, "purpose": "marketing", "text": {"body": "twenty percent off"}}, file)
        stack.cli("send", "Trefoil", "--json", campaign, "--lane", "bulk")
        wait_for_text(stack, "messenger", "twenty percent off")
        wait_until(lambda: "bounced 1" in stack.audit()[1] or "dead 1" in stack.audit()[1], "refused for one")
        say(stack, "messenger", "a direct answer")
        wait_for_text(stack, "whatsapp", "a direct answer")
        assert not find(stack, "whatsapp", "twenty percent off")


def test_strict_message_is_refused_where_something_would_be_lost():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        message = os.path.join(stack.dir, "place.json")
        with open(message, "w") as file:
            json.dump({"author": {"name": "Desk"}, "strict": True, "location": {"latitude": 52.37, "longitude": 4.89, "name": "Dam"}}, file)
        sent = stack.cli("send", "Trefoil", "--json", message).stdout.split()[-1]
        wait_until(lambda: any(b["kind"] == "location" for b in bubbles(stack, "whatsapp")), "the place on WhatsApp")
        wait_until(lambda: stack.cli("trace", sent).stdout.count("strict") >= 2, "refused by two networks")
        assert not received(stack, "messenger") and not received(stack, "instagram")
        assert "location→text" in stack.cli("trace", sent).stdout


def message_from(user, text, **more):
    return dict({"id": f"wamid.ID{os.urandom(6).hex()}", "timestamp": str(int(time.time())), "type": "text", "text": {"body": text}}, **user, **more)


def test_whatsapp_user_with_number_and_business_scoped_id_is_one_person():
    number, bsuid = "15551230042", "US.13490000000000000042"
    with Stack() as stack:
        stack.start_all()
        stack.control("people", {"network": "whatsapp", "user_id": number, "name": "Una"})
        stack.make_room("Una's", ("whatsapp", number), ("messenger", PEOPLE["messenger"]))
        for user, text in (({"from": number}, "by number"), ({"from": number, "from_user_id": bsuid}, "by both"),
                           ({"from_user_id": bsuid}, "by name only")):
            assert post(stack, "whatsapp", wa_post([[message_from(user, text)]]))[0] == 200
            wait_for_text(stack, "messenger", text)
        rooms = [json.loads(line) for line in stack.cli("room", "list", "--json").stdout.splitlines()]
        mine = [r for r in rooms if r.get("name") == "Una's"]
        assert len(mine) == 1 and len([m for m in mine[0]["members"] if ACCOUNTS["whatsapp"] in json.dumps(m)]) >= 2, rooms
        say(stack, "messenger", "one answer")
        wait_until(lambda: requests_of(stack, "whatsapp") and stack.control("state")["events_waiting"] == 0 and
                   "pending 0" in stack.audit()[1], "sent")   # what has not come to us yet is not pending
        asked = requests_of(stack, "whatsapp")
        assert len(asked) == 1, asked
        with_evidence = [e for e in everything(stack) if e.get("text") == "by both"][0]["content"]["author"]
        assert with_evidence.get("aliases") and with_evidence.get("alias_evidence"), with_evidence


def test_number_that_is_dialled_in_one_way_and_known_in_another_is_one_person():
    dialled, known = "5511987654321", "551187654321"
    with Stack() as stack:
        stack.start_all()
        stack.control("people", {"network": "whatsapp", "user_id": known, "dialled": dialled, "name": "Fabi"})
        stack.make_room("Fabi's", ("whatsapp", dialled), ("messenger", PEOPLE["messenger"]))
        say(stack, "messenger", "are you there?")
        wait_for_text(stack, "whatsapp", "are you there?", known)
        wait_until(lambda: any(e["content"]["author"].get("aliases") for e in everything(stack) if e["kind"] == "system"),
                   "the word that both are one")
        say(stack, "whatsapp", "yes, I am", known)
        wait_for_text(stack, "messenger", "yes, I am")


def test_reply_overtakes_a_campaign():
    campaign, rooms = 400, 4
    with Stack() as stack:
        stack.start_all()
        for room in range(rooms):
            stack.control("people", {"network": "messenger", "user_id": f"65434000{room:06d}", "name": f"R{room}"})
            stack.make_room(f"campaign {room}", ("messenger", f"65434000{room:06d}"))
        room_of_three(stack)
        stack.kill("messenger")   # what is sent meanwhile waits, as it would behind a rate limit
        path = os.path.join(stack.dir, "offer.json")
        with open(path, "w") as file:
            json.dump({"author": {"name": "Shop"}, "text": {"body": "an offer"}}, file)
        for number in range(campaign):
            stack.cli("send", f"campaign {number % rooms}", "--json", path, "--lane", "bulk")
        stack.control("faults", {"network": "messenger", "fault": "slow", "delay_ms": 150})   # one at a time per room
        stack.again("messenger")
        wait_until(lambda: received(stack, "messenger", f"65434000{0:06d}"), "the campaign has begun")
        say(stack, "whatsapp", "a reply")
        wait_for_text(stack, "messenger", "a reply", timeout=30)
        done = sum(len(received(stack, "messenger", f"65434000{room:06d}")) for room in range(rooms))
        assert done < campaign, "the campaign was over before the reply: this proves nothing"
        print(f"{'':10} the reply came after {done} of {campaign}")
