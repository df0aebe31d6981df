"""Rates: the sandbox refuses whoever is faster than the networks document; nobody is, and who is told to be slower is."""

from people import bubbles, say
from stack import Stack, wait_until

ROOMS = 30
EACH = 8


def person(network, room):
    return {"whatsapp": "1555400%05d", "messenger": "65440000%06d"}[network] % room


def rooms_of_two(stack):
    for room in range(ROOMS):
        for network in ("whatsapp", "messenger"):
            stack.control("people", {"network": network, "user_id": person(network, room), "name": f"P{room}"})
        stack.make_room(f"room {room}", *((n, person(n, room)) for n in ("whatsapp", "messenger")))


def talk(stack, first=0, each=EACH):
    for number in range(first, first + each):
        for room in range(ROOMS):
            say(stack, "messenger", f"#{number}.", person("messenger", room))


def arrived(stack, room):
    return [b["text"].rsplit("#", 1)[1] for b in bubbles(stack, "whatsapp", person("whatsapp", room)) if b["direction"] == "in"]


def wait_for_all(stack, timeout=120):
    whole = [f"{number}." for number in range(EACH)]
    for room in range(ROOMS):
        wait_until(lambda: len(arrived(stack, room)) >= EACH, lambda: f"room {room}: {arrived(stack, room)}", timeout)
        assert arrived(stack, room) == whole, (room, arrived(stack, room))


def refused(stack):
    return stack.control("state")["networks"]["whatsapp"]["rate_limited"]


def test_network_that_enforces_its_documented_rates_has_nothing_to_refuse():
    with Stack() as stack:
        stack.start_all()
        rooms_of_two(stack)
        stack.control("settings", {"auto_read": False})
        stack.control("faults", {"network": "whatsapp", "fault": "limits"})
        talk(stack)
        wait_for_all(stack)
        # typing is not switched on, receipts are not sent: what is refused would be a message too fast by our own count
        assert refused(stack) <= 2, refused(stack)
        wait_until(lambda: stack.audit()[0], lambda: stack.audit()[1])


def test_number_with_a_lower_rate_than_documented_is_found_out_and_kept():
    with Stack() as stack:
        stack.start_all()
        rooms_of_two(stack)
        stack.control("settings", {"auto_read": False})
        stack.control("faults", {"network": "whatsapp", "fault": "limits", "per_s": 20})
        talk(stack)
        wait_for_all(stack)
        assert stack.metric("whatsapp", "trefoil_slowed_down_total") >= 1
        assert 1 <= refused(stack) < ROOMS * EACH, refused(stack)
        wait_until(lambda: stack.audit()[0], lambda: stack.audit()[1])


def test_allowance_that_runs_out_slows_down_before_anything_is_refused():
    with Stack() as stack:
        stack.start_all()
        rooms_of_two(stack)
        stack.control("faults", {"network": "whatsapp", "fault": "usage", "percent": 97})
        talk(stack)
        wait_for_all(stack)
        assert refused(stack) == 0
        assert stack.metric("whatsapp", "trefoil_account_share_permille") < 500
        stack.control("faults", {"clear": True})
