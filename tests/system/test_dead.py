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
