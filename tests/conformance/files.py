"""Files: what a person sends lies in the blob store, and from there goes out to another person, byte by byte the same.
Never looks into a blob."""

import base64
import hashlib
import json

from claims import NATIVE, record_of
from parts import Case, check

# Enough of a file for its first bytes to say what it is.
KINDS = {
    "image": ("image/jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + b"picture" * 900 + b"\xff\xd9"),
    "video": ("video/mp4", b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"moving" * 900),
    "audio": ("audio/mpeg", b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"music" * 900),
    "file": ("application/pdf", b"%PDF-1.4\n" + b"paper" * 900 + b"\n%%EOF\n"),
}


def samples_of(world):
    """(name, event) in which one person sends one file that has a URL."""
    for name in world.testdata.webhooks:
        events = world.testdata.events(name)
        media = events[0]["content"].get("media", {}).get("media", []) if len(events) == 1 else []
        plain = len(media) == 1 and media[0].get("kind") in KINDS and media[0].get("network_url")
        if plain and not events[0].get("echo") and events[0].get("user_id") and events[0]["audience"] == "room":
            yield name, events[0]


def files(world):
    """A file that comes in is kept sealed, and goes out whole."""
    if not world.has_files:
        return "skipped: this process knows no key blob_store"
    world.restart_translator("with-files")  # elsewhere a sample's files are where the sample says: nowhere
    record, faults, n = record_of(world), [], 0
    for number, (name, event) in enumerate(samples_of(world)):
        n += 1
        try:
            found = carried(world, record, name, event, f"file-{number:03}")
        except AssertionError as problem:
            found = str(problem)
        if found:
            faults.append(f"{name}: {found}")
    world.restart_translator()
    return check(faults, f"{n} files in and out" if n else "no sample has a file with a URL")


def carried(world, record, name, event, person):
    """What went wrong between one person's file and the other person's, or None."""
    media = event["content"]["media"]["media"][0]
    mime, data = KINDS[media["kind"]]
    data += person.encode()  # no two are the same
    line = received(world, name, event, person, mime, data)
    if isinstance(line, str):
        return line
    ours = line["content"]["media"]["media"][0]
    if not ours.get("blob"):
        return f"it came without its file: {json.dumps(ours)[:200]}"
    if ours.get("size_bytes") != len(data):
        return f"{len(data)} bytes wanted, {ours.get('size_bytes')} came"
    case = Case(world, 800 + int(person[-3:]), {"name": name, "content": {"media": {"media": [ours]}}})
    case.begin(world)
    case.said(world.lines_until(lambda l: sum(x["user_id"] == case.person for x in l) >= 2, case.person))
    before = len(world.network.requests)
    case.send(world)
    case.settle(world)
    if case.refused or case.verdict != "sent":
        return case.refused or f"sent on, it ended {case.verdict}"
    arrived = any(data in request.body for request in world.network.requests[before:])
    cell = record[media["kind"]]
    is_taken = cell["support"] in NATIVE and ("mimes" not in cell or mime in cell["mimes"])
    if is_taken and not arrived:
        return f"sent on, the network got no such file; lost {case.lost}"
    return None if arrived or case.lost else "words stand for it, and nothing is said to be lost"


def received(world, name, event, person, mime, data):
    media = event["content"]["media"]["media"][0]
    path = f"/files/{person}"
    url = f"http://127.0.0.1:{world.network.port}{path}"
    world.network.files[path] = (mime, data)
    if media.get("network_id"):
        world.network.asked[media["network_id"]] = json.dumps({"url": url, "mime_type": mime}).encode()
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    swaps = [(event["content"]["message_id"], f"mid-{person}"), (event["user_id"], person), (media["network_url"], url),
             (media.get("sha256"), digest), (media.get("mime"), mime)]
    body = world.testdata.body(name)
    for old, new in swaps:
        if old:
            for shape in (str, lambda text: text.replace("/", "\\/"), lambda text: text.replace("&", "\\u0026")):
                body = body.replace(shape(old).encode(), new.encode())
    status = world.post(body)
    if status != 200:
        return f"answered {status}"
    lines = world.lines_until(lambda l: any(x["user_id"] == person for x in l), person)
    return next((l for l in lines if l["user_id"] == person), "it never came")
