"""What simulated people do and see on their phones, by way of the sandbox's control API. Never guesses: asks."""

from stack import PEOPLE, wait_until

NAMES = {"whatsapp": "Ana", "messenger": "Ben", "instagram": "Cleo"}


def say(stack, network, text, person=None, reply_to=None):
    """Types on a phone; the id of the bubble."""
    body = {"network": network, "person": person or PEOPLE[network], "text": text}
    if reply_to:
        body["reply_to"] = reply_to
    return stack.control("say", body)["id"]


def react(stack, network, message, emoji, person=None):
    stack.control("react", {"network": network, "person": person or PEOPLE[network], "message": message, "emoji": emoji})


def bubbles(stack, network, person=None):
    return stack.control(f"phones/{network}/{person or PEOPLE[network]}")["bubbles"]


def received(stack, network, person=None):
    """The texts that came in, in the order they are shown."""
    return [b["text"] for b in bubbles(stack, network, person) if b["direction"] == "in"]


def find(stack, network, text, person=None, direction="in"):
    """The bubbles whose text contains `text`."""
    return [b for b in bubbles(stack, network, person) if b["direction"] == direction and text in (b["text"] or "")]


def wait_for_text(stack, network, text, person=None, timeout=20):
    """The first bubble with this text, once it is there."""
    return wait_until(lambda: find(stack, network, text, person), f"'{text}' on {network}", timeout)[0]


def room_of_three(stack):
    stack.make_room("Trefoil", *((n, PEOPLE[n]) for n in PEOPLE))
