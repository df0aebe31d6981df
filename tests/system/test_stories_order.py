"""How comparable systems stall, overtake, echo and lose the thread, and that this one does not: see ../STORIES.md."""

import time

from people import bubbles, find, react, received, room_of_three, say, wait_for_text
from stack import ACCOUNTS, NETWORKS, PEOPLE, Stack, wait_until
from test_conversation import stack_settled
from test_faults import fault, settle, state_of
from webhooks import meta_item, meta_post, post, wa_post

HEART = "\u2764\ufe0f"


def others(network):
    return [n for n in NETWORKS if n != network]


def bubble(stack, network, text):
    return find(stack, network, text)[0]


def restart_everything(stack):
    for name in ("gateway", *NETWORKS):
        stack.kill(name)
    for name in ("gateway", *NETWORKS):
        stack.again(name)
    stack.wait_ready()


def test_backlog_after_a_start_goes_out_at_the_networks_pace_and_none_is_refused():
    people = [f"1555777{i:04d}" for i in range(40)]
    with Stack() as stack:
        stack.start_all()
        for i, person in enumerate(people):
            stack.control("people", {"network": "whatsapp", "user_id": person, "name": f"P{i}"})
            stack.control("people", {"network": "messenger", "user_id": f"654377{i:010d}", "name": f"Q{i}"})
            stack.make_room(f"room {i}", ("whatsapp", person), ("messenger", f"654377{i:010d}"))
        stack.kill("whatsapp")
        for n in range(8):
            for i in range(len(people)):
                say(stack, "messenger", f"#{n}.", person=f"654377{i:010d}")
        wait_until(lambda: stack.control("state")["events_waiting"] == 0, "all at the gateway", 60)
        stack.again("whatsapp")
        for person in people:
            wait_until(lambda: [t.rsplit("#", 1)[1] for t in received(stack, "whatsapp", person)] == [f"{n}." for n in range(8)],
                       lambda: f"eight in order: {received(stack, 'whatsapp', person)}", 90)
        assert stack.metric("whatsapp", "trefoil_sends_total", outcome="bounced") == 0
        assert stack.metric("whatsapp", "trefoil_sends_total", outcome="deferred") == 0, "the network had to slow us down"


def test_limit_that_is_reported_as_an_error_of_the_server_is_waited_for_as_a_limit():
    codes = {"whatsapp": 80007, "messenger": 613, "instagram": 80002}
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        for network in NETWORKS:
            fault(stack, network, "error", count=1, status=500, code=codes[network])
            sender = others(network)[0]
            say(stack, sender, f"over the limit of {network}")
            wait_until(lambda: state_of(stack, network) == "rate-limited", f"{network} is known to be limited")
            assert stack.metric(network, "trefoil_sends_total", outcome="bounced") == 0
            assert not stack.cli("dead", "list").stdout.count(ACCOUNTS[network]), "given up"
        for network in NETWORKS:   # a minute each, and all at the same time
            wait_for_text(stack, network, f"over the limit of {network}", timeout=120)
            assert len(find(stack, network, f"over the limit of {network}")) == 1
            wait_until(lambda: state_of(stack, network) == "connected", f"{network} is well again")


def test_limited_account_stalls_no_other_and_no_webhook():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        fault(stack, "messenger", "rate_limited", count=1, retry_after=20)
        say(stack, "whatsapp", "this one waits on Messenger")
        wait_until(lambda: state_of(stack, "messenger") == "rate-limited", "the limit")
        for i in range(5):
            say(stack, "messenger", f"from behind the limit {i}.")
        for other in others("messenger"):
            wait_until(lambda: len(find(stack, other, "from behind the limit")) == 5, f"five on {other}", 10)
        wait_for_text(stack, "instagram", "this one waits", timeout=10)
        assert not find(stack, "messenger", "this one waits"), "the limit was over: this proves nothing"


def test_echo_that_overtakes_the_answer_or_comes_long_after_is_never_taken_for_a_human():
    n = 12
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        stack.control("settings", {"auto_read": False})
        for kind, more in (("slow", {"delay_ms": 400}), ("delay", {"delay_ms": 900, "probability": 0.5})):
            stack.control("faults", {"clear": True})
            for network in ("messenger", "instagram"):
                fault(stack, network, kind, **more)   # the answer comes after the echo; the echo after the answer
            for i in range(n):
                for network in NETWORKS:
                    say(stack, network, f"{kind} {network} {i}.")
            for network in NETWORKS:
                for other in others(network):
                    wait_until(lambda: len(find(stack, other, f"{kind} {network}")) >= n, f"{n} of {network} on {other}", 90)
        stack.control("faults", {"clear": True})
        wait_until(lambda: stack.control("state")["events_waiting"] == 0, "every echo in")
        settle(stack, still_s=3)
        for network in NETWORKS:
            texts = received(stack, network)
            assert len(texts) == len(set(texts)) == 4 * n, f"{network} shows {len(texts)}, {len(set(texts))} different"
        stack_settled(stack)


def test_reaction_edit_and_unsend_after_a_restart_of_everything_find_their_message():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        mine = {}
        for network in NETWORKS:
            for what in ("loved", "wrong", "regretted"):
                mine[network, what] = say(stack, network, f"{what} {network}")
        for network in NETWORKS:
            for other in others(network):
                wait_for_text(stack, other, f"regretted {network}")
        stack_settled(stack)
        restart_everything(stack)
        for network in NETWORKS:   # each loves what the next one said
            author = NETWORKS[(NETWORKS.index(network) + 1) % 3]
            react(stack, network, bubble(stack, network, f"loved {author}")["id"], HEART)
            own = lambda: [b for b in bubbles(stack, author) if b["id"] == mine[author, "loved"]][0]
            wait_until(lambda: own()["reactions"], f"the heart of {network} at its author's, {author}")
        for network in NETWORKS:
            stack.control("edit", {"network": network, "person": PEOPLE[network], "message": mine[network, "wrong"], "text": f"corrected {network}"})
            for other in others(network):
                edit = wait_for_text(stack, other, f"corrected {network}")
                assert edit["reply_to"] == bubble(stack, other, f"wrong {network}")["id"] or edit["edited"], edit
        for network in ("whatsapp", "instagram"):   # Messenger's people cannot
            before = {other: len(bubbles(stack, other)) for other in others(network)}
            stack.control("unsend", {"network": network, "person": PEOPLE[network], "message": mine[network, "regretted"]})
            for other in others(network):
                note = lambda: [b for b in bubbles(stack, other)[before[other]:] if b["reply_to"] == bubble(stack, other, f"regretted {network}")["id"]]
                wait_until(note, lambda: f"the note at {network}'s message on {other}: {bubbles(stack, other)[before[other]:]}")


def test_reply_to_a_message_nobody_here_knows_arrives_and_says_that_it_is_one():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        assert post(stack, "whatsapp", wa_post([[{
            "from": PEOPLE["whatsapp"], "id": "wamid.ANSWER", "timestamp": str(int(time.time())), "type": "text", "text": {"body": "yes, that one"},
            "context": {"from": "15550001111", "id": "wamid.FROM_ANOTHER_LIFE"}}]]))[0] == 200
        for network in ("messenger", "instagram"):
            assert post(stack, network, meta_post(network, [meta_item(network, {"message": {
                "mid": f"m_answer_{network}", "text": f"yes, that one, {network}", "reply_to": {"mid": "m_from_another_life"}}})]))[0] == 200
        for network, words in (("whatsapp", "yes, that one"), ("messenger", "yes, that one, messenger"), ("instagram", "yes, that one, instagram")):
            for other in others(network):
                shown = wait_until(lambda: [b for b in find(stack, other, words) if b["text"].endswith(words)], f"{words} on {other}")[0]
                assert shown["reply_to"] is None and shown["text"].endswith(f"(to an earlier message) {words}"), shown
        for network in NETWORKS:
            wait_until(lambda: stack.metric(network, "trefoil_lost_total", what="reply") >= 2, f"what is missing on {network} is told")


def test_reply_to_ones_own_and_to_a_bridged_message_quotes_it_everywhere():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        for network in NETWORKS:
            mine = say(stack, network, f"first of {network}")
            for other in others(network):
                wait_for_text(stack, other, f"first of {network}")
            say(stack, network, f"second of {network}", reply_to=mine)
            for other in others(network):
                second = wait_for_text(stack, other, f"second of {network}")
                assert second["reply_to"] == bubble(stack, other, f"first of {network}")["id"], (network, other)
            answerer, third = others(network)
            say(stack, answerer, f"answer to {network}", reply_to=bubble(stack, answerer, f"second of {network}")["id"])
            assert wait_for_text(stack, third, f"answer to {network}")["reply_to"] == bubble(stack, third, f"second of {network}")["id"]
            said = [b for b in bubbles(stack, network) if b["direction"] == "out" and b["text"] == f"second of {network}"][0]
            assert wait_for_text(stack, network, f"answer to {network}")["reply_to"] == said["id"]


def test_what_an_agent_answers_in_the_networks_own_inbox_is_neither_missing_nor_doubled_under_load():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        for network in ("messenger", "instagram"):
            fault(stack, network, "duplicate", probability=0.5)
        for i in range(10):
            say(stack, "whatsapp", f"question {i}.")
            for network in ("messenger", "instagram"):
                stack.control("agent", {"network": network, "person": PEOPLE[network], "text": f"desk of {network} {i}."})
        for network in ("messenger", "instagram"):
            for other in others(network):
                wait_until(lambda: len(find(stack, other, f"desk of {network}")) >= 10, lambda: f"ten on {other}: {received(stack, other)}", 60)
        settle(stack, still_s=2)
        for network in ("messenger", "instagram"):
            for other in others(network):
                assert len(find(stack, other, f"desk of {network}")) == 10, received(stack, other)
            shown = [b for b in bubbles(stack, network) if f"desk of {network}" in (b["text"] or "")]
            assert len(shown) == 10, "the person sees it twice"
