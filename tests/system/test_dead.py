"""What could not be delivered: its author is told once, in words, and whoever runs the system has it in hand."""

import json
import time

from people import bubbles, find, received, room_of_three, say, wait_for_text
from stack import ACCOUNTS, PEOPLE, Stack, wait_until
from test_policy import configure, old_message, requests_of
from webhooks import post, wa_post

WARNING = "\u26a0 Not delivered"


def letters(stack, *options):
    return [json.loads(line) for line in stack.cli("dead", "list", "--json", *options).stdout.splitlines()]


def close_window(stack, network="messenger"):
    """WhatsApp's person wrote long ago, for the last time."""
    assert post(stack, "whatsapp", wa_post([[old_message("long ago")]]))[0] == 200
    wait_for_text(stack, network, "long ago")


def test_author_is_told_once_in_his_own_app_however_often_it_fails():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        close_window(stack)
        mine = say(stack, "messenger", "are you still there?")
        told = wait_for_text(stack, "messenger", WARNING)
        assert told["text"] == WARNING + " on WhatsApp: outside the reply window", told
        assert told.get("reply_to") == mine, (told, mine)
        wait_until(lambda: len(letters(stack)) == 1, "the dead letter")
        for i in range(19):
            stack.cli("dead", "retry", "--all")
            wait_until(lambda: stack.metric("whatsapp", "trefoil_sends_total", outcome="bounced") == i + 2 and letters(stack),
                       "failed again")
        say(stack, "instagram", "after all that")
        wait_for_text(stack, "messenger", "after all that")
        assert len(find(stack, "messenger", WARNING)) == 1, find(stack, "messenger", WARNING)


def test_notice_crosses_to_no_other_network_and_concerns_no_service():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        close_window(stack)
        say(stack, "messenger", "are you still there?")
        wait_for_text(stack, "messenger", WARNING)
        stack.cli("send", "Trefoil", "from the desk", keyring="admin")
        wait_for_text(stack, "instagram", "from the desk")
        wait_until(lambda: len(letters(stack)) == 2, lambda: letters(stack))
        say(stack, "instagram", "the end")
        wait_for_text(stack, "messenger", "the end")
        wait_until(lambda: len(letters(stack)) == 3, "the third letter")
        wait_for_text(stack, "instagram", WARNING)
        for network in ("messenger", "instagram"):
            assert len(find(stack, network, WARNING)) == 1, find(stack, network, WARNING)
        assert not find(stack, "whatsapp", WARNING)
        assert stack.audit()[0], stack.audit()[1]


def test_author_is_told_once_although_translators_are_killed():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        close_window(stack)
        for i in range(4):
            say(stack, "messenger", f"question {i}.")
            time.sleep(0.05)
            stack.kill("whatsapp" if i % 2 else "messenger")
            stack.again("whatsapp" if i % 2 else "messenger")
        wait_until(lambda: len(letters(stack)) == 4, "four letters", 40)
        wait_until(lambda: len(find(stack, "messenger", WARNING)) >= 4, "four warnings", 40)
        wait_until(lambda: "pending 0" in stack.audit()[1], "nothing pending", 40)
        quoted = [b.get("reply_to") for b in find(stack, "messenger", WARNING)]
        assert len(quoted) == len(set(quoted)) == 4, quoted


def test_author_is_not_told_where_that_is_switched_off():
    with Stack() as stack:
        configure(stack, "messenger", account="    tell_authors: false\n")
        stack.start_all()
        room_of_three(stack)
        close_window(stack)
        say(stack, "messenger", "are you still there?")
        say(stack, "instagram", "and you?")
        wait_for_text(stack, "instagram", WARNING)
        wait_until(lambda: "pending 0" in stack.audit()[1], "nothing pending")
        assert not find(stack, "messenger", WARNING)


def test_person_who_blocked_us_is_told_of_to_the_author():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        stack.control("faults", {"network": "whatsapp", "fault": "error", "count": 1, "status": 400, "code": 131050})
        say(stack, "messenger", "hello there")
        told = wait_for_text(stack, "messenger", WARNING)
        assert "does not want to be written to" in told["text"] and "131050" not in told["text"], told


def test_letters_are_filtered_paged_exported_and_expired():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        close_window(stack)
        for i in range(5):
            say(stack, "messenger", f"late {i}.")
        wait_until(lambda: len(letters(stack)) == 5, "five letters")
        stack.control("faults", {"network": "instagram", "fault": "error", "count": 1, "status": 400, "code": 100, "subcode": 2534014})
        say(stack, "messenger", "and one for Instagram")
        wait_until(lambda: len(letters(stack)) == 7, "seven letters")
        assert len(letters(stack, "--account", "whatsapp")) == len(letters(stack, "--account", ACCOUNTS["whatsapp"])) == 6
        assert len(letters(stack, "--reason", "WINDOW")) == 6 and len(letters(stack, "--reason", "no such person")) == 1
        assert len(letters(stack, "--since", "1h")) == 7 and not letters(stack, "--account", "whatsapp/1")
        page = letters(stack, "--limit", "3")
        rest = letters(stack, "--after", str(page[-1]["id"]))
        assert [l["id"] for l in page + rest] == [l["id"] for l in letters(stack)] and len(page) == 3

        plain = [json.loads(line) for line in stack.cli("dead", "export").stdout.splitlines()]
        assert len(plain) == 7 and all("content" not in l and l["reason"] and l["envelope"] for l in plain), plain
        whole = [json.loads(line) for line in stack.cli("dead", "export", "--content", "--account", "whatsapp").stdout.splitlines()]
        assert [l["content"]["text"]["body"] for l in whole] == [f"late {i}." for i in range(5)] + ["and one for Instagram"], whole

        wait_until(lambda: stack.metric("gateway", "trefoil_dead_letters", channel="main") == 7, "the metric")
        assert stack.metric("gateway", "trefoil_dead_letter_oldest_seconds", channel="main") > 0
        assert stack.cli("dead", "expire", "--older", "1h").stdout.startswith("0 forgotten")
        assert stack.cli("dead", "expire", check=False).returncode == 2
        time.sleep(1.1)
        assert stack.cli("dead", "expire", "--older", "1s").stdout.startswith("7 forgotten")
        assert "No dead letters" in stack.cli("dead", "list").stdout
        good, text = stack.audit()
        assert good and "bounced 7" in text, text
        wait_until(lambda: stack.metric("gateway", "trefoil_dead_letters", channel="main") == 0, "the metric at none")


def test_all_are_retried_in_each_room_in_the_order_they_were_said():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        close_window(stack)
        for i in range(6):
            say(stack, "messenger" if i % 2 else "instagram", f"again {i}.")
            wait_until(lambda: len(letters(stack)) == i + 1, "a letter")
        say(stack, "whatsapp", "here I am")
        wait_for_text(stack, "messenger", "here I am")
        stack.cli("dead", "retry", "--all", "--reason", "no such reason")
        assert len(letters(stack)) == 6
        assert stack.cli("dead", "retry", "--all", "--account", "messenger").stdout.startswith("0 ")
        assert stack.cli("dead", "retry", "--all").stdout.startswith("6 on the way")
        wait_until(lambda: len(find(stack, "whatsapp", "again")) == 6, lambda: received(stack, "whatsapp"))
        assert [t.split("again ")[1] for t in received(stack, "whatsapp") if "again" in t] == [f"{i}." for i in range(6)]
        assert not letters(stack) and stack.audit()[0]


def test_content_is_shown_to_no_keyring_that_cannot_open_it():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        close_window(stack)
        say(stack, "messenger", "a private word")
        wait_until(lambda: len(letters(stack)) == 1, "the letter")
        first = str(letters(stack)[0]["id"])
        stack.cli("roster", "add", "auditor", "--role", "admin", "--push")  # too late for the keys of what was said
        for command in (("dead", "show", first), ("dead", "list"), ("dead", "export"), ("dead", "export", "--content")):
            done = stack.cli(*command, keyring="auditor", check=False)
            assert "private" not in done.stdout + done.stderr and first in done.stdout, (command, done.stdout, done.stderr)
        assert done.returncode == 1 and "could not be opened" in done.stderr and '"content":null' in done.stdout, done
        assert "a private word" in stack.cli("dead", "show", first).stdout


def test_trace_tells_deferrals_and_hand_backs_with_attempt_and_reason():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        fault = lambda kind, network, **more: stack.control("faults", {"network": network, "fault": kind, "count": 1, **more})
        fault("server_error", "whatsapp")
        fault("rate_limited", "messenger", retry_after=2)
        sent = stack.cli("send", "Trefoil", "the long way").stdout.strip()
        for network in ("whatsapp", "messenger", "instagram"):
            wait_for_text(stack, network, "the long way", timeout=30)
        wait_until(lambda: "pending 0" in stack.audit()[1], "nothing pending")
        hops = [json.loads(line) for line in stack.cli("trace", "--json", sent).stdout.splitlines()]
        deferred = [h for h in hops if h["what"] == "deferred"]
        back = [h for h in hops if h["what"] == "handed back"]
        assert deferred and deferred[0]["account"] == ACCOUNTS["whatsapp"] and deferred[0]["who"] == "whatsapp", hops
        assert deferred[0]["text"].startswith("attempt 1: ") and deferred[0]["at_ms"] > 0, deferred
        assert back and back[0]["account"] == ACCOUNTS["messenger"] and len(back[0]["text"]) > len("attempt 1: "), hops
        ends = {h["account"]: h for h in hops if h["what"] == "sent"}
        assert len(ends) == 3, hops
