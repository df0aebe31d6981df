"""People on three networks talk to each other through real processes."""

from people import NAMES, bubbles, find, react, received, room_of_three, say, wait_for_text
from stack import NETWORKS, PEOPLE, Stack, wait_until


def others(network):
    return [n for n in NETWORKS if n != network]


def test_text_reaches_the_other_two_networks_once_with_the_speakers_name():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        for network in NETWORKS:
            say(stack, network, f"from {network} \U0001f600 caf\u00e9")
        for network in NETWORKS:
            for other in others(network):
                bubble = wait_for_text(stack, other, f"from {network} \U0001f600 caf\u00e9")
                assert NAMES[network] in bubble["text"], bubble["text"]
        stack_settled(stack)
        for network in NETWORKS:
            assert len(received(stack, network)) == 2, received(stack, network)
        ok, text = stack.audit()
        assert ok, text


def test_name_that_comes_late_costs_the_first_message_its_name_and_nothing_else():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        stack.control("faults", {"network": "messenger", "fault": "slow", "delay_ms": 2500})
        say(stack, "messenger", "before the name")
        assert "Someone" in wait_for_text(stack, "whatsapp", "before the name")["text"]
        wait_until(lambda: stack.metric("messenger", "trefoil_profiles_total", result="named") == 1, "the name")
        stack.control("faults", {"clear": True})
        say(stack, "messenger", "after the name")
        assert NAMES["messenger"] in wait_for_text(stack, "whatsapp", "after the name")["text"]


def test_three_networks_in_a_ring_with_echoes_show_each_message_once():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        for i in range(10):
            for network in NETWORKS:
                say(stack, network, f"ring {network} {i}.")
        for network in NETWORKS:
            for other in others(network):
                wait_until(lambda: all(find(stack, other, f"ring {network} {i}.") for i in range(10)), f"ring on {other}")
        stack_settled(stack)
        for other in NETWORKS:
            texts = received(stack, other)
            assert len(texts) == 20, f"{other} shows {len(texts)}: {texts}"
            for network in others(other):
                mine = [t for t in texts if f"ring {network} " in t]
                assert [int(t.rsplit(" ", 1)[1].rstrip(".")) for t in mine] == list(range(10)), mine


def test_reply_after_restart_of_everything_quotes_the_right_message():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        first = say(stack, "whatsapp", "the first question")
        say(stack, "whatsapp", "another line")
        on_messenger = wait_for_text(stack, "messenger", "the first question")
        on_instagram = wait_for_text(stack, "instagram", "the first question")
        wait_for_text(stack, "messenger", "another line")
        wait_for_text(stack, "instagram", "another line")
        stack_settled(stack)
        for name in ("gateway", "whatsapp", "messenger", "instagram"):
            stack.kill(name)
        for name in ("gateway", "whatsapp", "messenger", "instagram"):
            stack.again(name)
        stack.wait_ready()
        say(stack, "messenger", "the answer", reply_to=on_messenger["id"])
        assert wait_for_text(stack, "whatsapp", "the answer")["reply_to"] == first
        assert wait_for_text(stack, "instagram", "the answer")["reply_to"] == on_instagram["id"]


def test_reaction_and_its_removal_reach_the_right_message():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        mine = say(stack, "messenger", "react to me")
        on_instagram = wait_for_text(stack, "instagram", "react to me")
        wait_for_text(stack, "whatsapp", "react to me")

        def hearts(network, identity):
            return [b for b in bubbles(stack, network) if b["id"] == identity][0]["reactions"]

        react(stack, "instagram", on_instagram["id"], "\u2764\ufe0f")
        wait_until(lambda: len(hearts("messenger", mine)) == 1, "the heart on Messenger")
        on_whatsapp = find(stack, "whatsapp", "react to me")[0]["id"]
        wait_until(lambda: len(hearts("whatsapp", on_whatsapp)) == 1, "the heart on WhatsApp")
        react(stack, "instagram", on_instagram["id"], "")
        wait_until(lambda: len(hearts("messenger", mine)) == 0, "the heart gone on Messenger")


def test_author_sees_that_the_others_have_read():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        for network in NETWORKS:
            mine = say(stack, network, f"read me {network}")
            wait_until(lambda: [b for b in bubbles(stack, network) if b["id"] == mine][0]["ticks"] == "read",
                       f"read on {network}")


def test_long_text_is_split_at_each_networks_limit_and_nothing_is_lost():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        words = " ".join(f"word{i}" for i in range(500))   # about 4,000 characters
        say(stack, "whatsapp", words)
        for network, limit in (("messenger", 1999), ("instagram", 1000)):
            wait_until(lambda: "word499" in " ".join(received(stack, network)), f"the end on {network}")
            parts = received(stack, network)
            assert all(len(p.encode()) <= limit for p in parts), [len(p) for p in parts]
            seen = " ".join(parts).split()
            assert [w for w in seen if w.startswith("word")] == words.split(), "words lost or out of order"


def stack_settled(stack):
    """Nothing pending: every published envelope has ended for every target."""
    wait_until(lambda: stack.audit()[0] and "pending" not in pending_line(stack), "nothing pending", 30)


def pending_line(stack):
    text = stack.audit()[1]
    for word, value in zip(text.split(), text.split()[1:]):
        if word.strip(":=") == "pending" and value.strip(",.").isdigit():
            return "" if int(value.strip(",.")) == 0 else "pending"
    return ""
