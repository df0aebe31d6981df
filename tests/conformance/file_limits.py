"""What a translator says of files, against what its network really got: every kind of file, captions, names and albums, and
each limit of size, type, length and count, at it and one beyond. Never knows a limit by itself."""

import os

from claims import NATIVE, is_same, record_of
from files import received, samples_of
from parts import Case, check
from stack import TOP

FILES = os.path.join(TOP, "tests/kit/files")
EXAMPLES = {"image/jpeg": "picture.jpg", "image/png": "picture.png", "image/gif": "moving.gif", "image/webp": "sticker.webp",
            "video/mp4": "film.mp4", "audio/mpeg": "sound.mp3", "audio/mp4": "sound.m4a", "audio/ogg": "voice.ogg",
            "application/pdf": "paper.pdf"}
KINDS = {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/mpeg", "voice": "audio/ogg", "file": "application/pdf",
         "sticker": "image/webp", "animated": "image/gif"}
# Types that a network may not list, by bytes that say so.
UNUSUAL = {"image": [("image/tiff", b"II*\x00\x08\x00\x00\x00")], "audio": [("audio/flac", b"fLaC\x00\x00\x00\x22")],
           "video": [("video/x-msvideo", b"RIFF\x00\x10\x00\x00AVI LIST"), ("video/x-flv", b"FLV\x01\x05\x00\x00\x00\x09")],
           "file": [("application/zip", b"PK\x03\x04\x14\x00\x00\x00")]}
UNUSUAL.update(voice=UNUSUAL["audio"], sticker=UNUSUAL["image"], animated=UNUSUAL["image"])
PATIENCE_S = 60
LARGEST = 32 << 20  # beyond it only with --long


class Desk:
    """Brings files into the blob store by one sample, and sends them on to people."""

    def __init__(self, world, sample):
        self.world, self.sample, self.n = world, sample, 0

    def bring(self, mime, data):
        """The file as content refers to it."""
        self.n += 1
        name, event = self.sample
        line = received(self.world, name, event, f"brought-{self.n:03}", mime, data)
        assert not isinstance(line, str), line
        media = line["content"]["media"]["media"][0]
        assert media.get("blob") and media["size_bytes"] == len(data), f"{mime} of {len(data)} bytes came without its file"
        media.pop("name", None)
        return media

    def send(self, kind, media, caption=None, **members):
        """What became of it: a settled case, its `uploads` the large bodies the network got."""
        self.n += 1
        world, list_ = self.world, [{k: v for k, v in dict(m, kind=kind, **members).items() if v} for m in media]
        content = {"media": {"media": list_}}
        if caption:
            content["media"]["caption"] = caption
        case = Case(world, 600 + self.n, {"name": kind, "content": content})
        case.patience_s = PATIENCE_S
        case.begin(world)
        case.said(world.lines_until(lambda l: sum(x["user_id"] == case.person for x in l) >= 2, case.person))
        before = len(world.network.requests)
        case.send(world)
        case.settle(world)
        case.bodies = [r.body for r in world.network.requests[before:] if r.method == "POST"]
        for request in world.network.requests[before:]:
            request.body = b""  # they are large, and there are many
        return case


def holds(body, data):
    at = body.find(data[:64])
    return at >= 0 and body[at:at + len(data)] == data


def example(cell, kind):
    """(type, bytes) of a file which that kind may be, by the record: its own type, or one that is listed."""
    mimes = cell.get("mimes") or [KINDS[kind]]
    mime = KINDS[kind] if KINDS[kind] in mimes else next(m for m in mimes if m in EXAMPLES)
    with open(os.path.join(FILES, EXAMPLES[mime]), "rb") as file:
        return mime, file.read()


def arrived(case, data):
    return any(holds(body, data) for body in case.bodies)


def belied(cell, case, data):
    """Why a file of a type that is listed did not go as the record says, or None."""
    support = cell["support"]
    if case.refused or case.verdict != "sent":
        return None if support == "rejected" and case.verdict == "bounced" else case.refused or f"it ended {case.verdict}"
    if support == "rejected":
        return "it was sent"
    if support in NATIVE and not arrived(case, data):
        return f"the network got no such file; lost {case.lost}"
    if support == "full" and case.lost:
        return f"lost {case.lost}"
    is_another = cell.get("becomes") in KINDS or not cell.get("mimes")  # else what is missing is the other types
    if support in ("partial", "fallback") and is_another and not case.lost:
        return "nothing is said to be lost"
    return None


def kind_of_file(desk, record, kind):
    """The faults of one kind: the plain file, its largest size and one byte beyond, and a type that is not listed."""
    cell = record[kind]
    mime, data = example(cell, kind)
    plain = desk.send(kind, [desk.bring(mime, data)])
    found = belied(cell, plain, data)
    if found:
        yield f"{kind} is said to be {cell['support']}: {found}"
    limit = cell.get("max_bytes") if cell["support"] in NATIVE else None
    if limit and limit > LARGEST and not desk.world.long:
        limit = None
    for size in (limit, limit + 1) if limit else ():
        large = data + bytes(size - len(data))
        case = desk.send(kind, [desk.bring(mime, large)])
        is_whole = arrived(case, large) and is_same_fate(case, plain)
        if size == limit and not is_whole:
            yield f"{kind} of {size} bytes, the limit: it ended {case.verdict}, lost {case.lost}"
        if size > limit and (case.refused or is_same_fate(case, plain)):
            yield f"{kind} of {size} bytes, one beyond: nothing is said to be lost {case.refused or ''}"
    if mime != KINDS[kind]:
        yield from usual_file(desk, cell, kind)
    unlisted = [u for u in UNUSUAL[kind] if cell.get("mimes") and u[0] not in cell["mimes"]]
    if unlisted:
        mime, data = unlisted[0][0], unlisted[0][1] + bytes(2000)
        case = desk.send(kind, [desk.bring(mime, data)])
        if case.refused or (case.verdict == "sent" and not case.lost):
            yield f"{kind} of the type {mime}, which is not listed: nothing is said to be lost {case.refused or ''}"


def usual_file(desk, cell, kind):
    """The faults of what that kind usually is on other networks: as it is, converted or as another kind, a file that is said
    to go does go, unless the record itself speaks of text."""
    with open(os.path.join(FILES, EXAMPLES[KINDS[kind]]), "rb") as file:
        case = desk.send(kind, [desk.bring(KINDS[kind], file.read())])
    are_words = any(word.endswith("→text") for word in case.lost) and "text" not in cell.get("becomes", "")
    if case.refused or case.verdict != "sent" or (cell["support"] in NATIVE and are_words) or (cell["support"] == "full" and case.lost):
        yield f"{kind} of the type {KINDS[kind]} is said to be {cell['support']}: {case.refused or case.verdict}, lost {case.lost}"


def is_same_fate(case, other):
    return (case.verdict, case.lost) == (other.verdict, other.lost)


def words_of_file(desk, record):
    """The faults of captions and file names."""
    mime, data = example(record["image"], "image")
    picture = desk.bring(mime, data)
    bare = desk.send("image", [picture]).lost
    caption = desk.send("image", [picture], caption="the roof")
    yield from told(record["caption"], "caption", caption, "the roof", bare)
    limit = record["caption"].get("max_text")
    for wide in ("a", "\U0001f600") if limit else ():
        at, over = (desk.send("image", [picture], caption=wide * size) for size in (limit, limit + 1))
        if not is_same_fate(at, caption):
            yield f"caption of {limit}, the limit: it ended {at.verdict}, lost {at.lost}"
        if over.refused or is_same(over, at):
            yield f"caption of {limit + 1}, one beyond: nothing is said to be lost {over.refused or ''}"
    mime, data = example(record["file"], "file")
    paper = desk.bring(mime, data)
    bare = desk.send("file", [paper]).lost
    yield from told(record["file name"], "file name", desk.send("file", [paper], name="contract of sale.pdf"), "contract of sale", bare)


def told(cell, feature, case, words, bare):
    """`bare` is what is lost without these words."""
    lost = [word for word in case.lost if word not in bare]
    if case.refused or case.verdict != "sent":
        yield f"{feature}: {case.refused or case.verdict}"
    elif cell["support"] == "full" and (lost or not any(words.encode() in body for body in case.bodies)):
        yield f"{feature} is said to be full: lost {lost}, or not in what the network got"
    elif cell["support"] in ("partial", "fallback") and not lost:
        yield f"{feature} is said to be {cell['support']}: nothing is said to be lost"


def albums(desk, record):
    """The faults of several pictures in one message."""
    cell = record["album"]
    mime, data = example(record["image"], "image")
    picture = desk.bring(mime, data)
    two = desk.send("image", [picture] * 2)
    if two.refused or two.verdict != "sent" or bool(two.lost) != (cell["support"] != "full"):
        yield f"album is said to be {cell['support']}: {two.refused or two.verdict}, lost {two.lost}"
    limit = cell.get("max_count", 0)
    if limit > 1:
        at, over = (desk.send("image", [picture] * n) for n in (limit, limit + 1))
        if not is_same_fate(at, two) or not all(arrived(case, data) for case in (at, two)):
            yield f"album of {limit}, the limit: it ended {at.verdict}, lost {at.lost}"
        if over.refused or is_same(over, at):
            yield f"album of {limit + 1}, one beyond: nothing is said to be lost {over.refused or ''}"


def file_limits(world):
    """Every kind of file, captions, names and albums go as the record says, at each limit and one beyond."""
    if not world.has_files:
        return "skipped: this process knows no key blob_store"
    samples = sorted(samples_of(world), key=lambda s: s[1]["content"]["media"]["media"][0]["kind"] != "file")
    if not samples:
        return "no sample has a file with a URL"
    world.restart_translator("with-files")
    record = record_of(world)
    desk, faults = Desk(world, samples[0]), []
    for probe in [lambda k=kind: kind_of_file(desk, record, k) for kind in KINDS] + \
            [lambda: words_of_file(desk, record), lambda: albums(desk, record)]:
        try:
            faults += probe()
        except AssertionError as problem:
            faults.append(str(problem))
    words = f"{len(KINDS)} kinds of files, captions, names, albums: {desk.n} in or out, from {samples[0][0]}"
    if world.has_converter_key:
        world.restart_translator("without-converter")
        record = record_of(world)
        for kind in KINDS:
            faults += [f"without converter, {fault}" for fault in usual_file(desk, record[kind], kind)]
        words += "; again without a converter"
    world.restart_translator()
    return check(faults, words)
