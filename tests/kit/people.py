"""What simulated people do and see on their phones, by way of the sandbox's control API. Never guesses: asks."""

import json
import os
import urllib.parse

from stack import PEOPLE, http, wait_until

MIMES = {".jpg": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".webp": "image/webp", ".mp4": "video/mp4",
         ".ogg": "audio/ogg; codecs=opus", ".m4a": "audio/mp4", ".mp3": "audio/mpeg", ".pdf": "application/pdf"}
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


FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files")


def put_file(stack, path, name=None, mime="application/octet-stream"):
    """Puts a file where phones can send it from; what the sandbox calls it."""
    query = urllib.parse.urlencode({"name": name or os.path.basename(path), "mime": mime})
    with open(path, "rb") as file:
        status, reply = http("POST", stack.sandbox_url("/control/files?" + query), file.read(),
                             {"Content-Type": "application/octet-stream"}, timeout=120)
    assert status == 200, f"sandbox /control/files answers {status}: {reply[:200]!r}"
    return json.loads(reply)["file"]


def say_file(stack, network, kind, path, name=None, mime=None, caption=None, person=None):
    """Sends a file from a phone; the id of the bubble."""
    media = {"kind": kind, "file": put_file(stack, path, name, mime or MIMES[os.path.splitext(path)[1]])}
    media.update({k: v for k, v in (("caption", caption), ("name", name)) if v is not None})
    return stack.control("say", {"network": network, "person": person or PEOPLE[network], "media": [media]})["id"]


def content_of(stack, media):
    """The bytes a phone shows."""
    status, data = http("GET", stack.sandbox_url(media["url"]), timeout=120)
    assert status == 200, f"{media['url']} answers {status}"
    return data
