"""Everything people do, from each network to each other, and what only services say, to each network, through real
processes: what arrives, and that whatever did not arrive whole was said aloud. The tables it makes are kept in
translators/PAIRS.md (PAIRS_WRITE=1 writes them)."""

import json
import os
import subprocess
import time

from people import FILES, bubbles, put_file, react, room_of_three, say, say_file
from stack import ACCOUNTS, NETWORKS, PEOPLE, TOP, Stack, wait_until

TABLE = os.path.join(TOP, "translators/PAIRS.md")
WORDS = ("none", "fallback", "partial", "full")
SHORT = {"whatsapp": "WA", "messenger": "MS", "instagram": "IG"}
HEAD = """# Who sees what

Made by `tests/system/test_pairs.py` from what really arrived, through real processes, on the sandbox's phones; the test
fails when it changes. **full**: the thing itself · **partial**: the thing, with something missing · **fallback**:
readable words · **none**: nothing, and the sender's side knows · –: nobody can do this on that network. Behind a cell that
is not full stand the words the outcome listed as lost (`trefoil trace`).

"""


def _plain(stack, network, body, **more):
    return stack.control("say", dict({"network": network, "person": PEOPLE[network]}, **body, **more))["id"]


def _target(stack, network):
    """Something from the others that this phone can answer to: said on another network, as it arrived here."""
    origin = next(n for n in NETWORKS if n != network)
    text = f"target {os.urandom(4).hex()}"
    say(stack, origin, text)
    return wait_until(lambda: next((b for b in bubbles(stack, network) if text in (b["text"] or "")), None), text), text


class Case:
    """One thing people do: how it is said, and what of it a phone shows."""

    def __init__(self, name, say, judge, networks=NETWORKS, feature=None):
        self.name, self.say, self.judge, self.networks = name, say, judge, networks
        self.feature = feature or name


def _file(kind, file, caption=None, name=None):
    def send(stack, network):
        return {"id": say_file(stack, network, kind, os.path.join(FILES, file), caption=caption, name=name)}
    return send


def _shows_file(kind, caption=None, name=None):
    def judge(new, said):
        with_file = [b for b in new if b.get("media")]
        if not with_file:
            return "fallback" if new else "none"
        bubble = with_file[0]
        whole = bubble["kind"] == kind   # a line that says who sent it may follow
        if caption and caption not in (bubble.get("caption") or ""):
            return "fallback" if any(caption in (b["text"] or "") for b in new) else "none"
        if name:
            whole = whole and bubble["media"][0].get("name") == name
        return "full" if whole else "partial"
    return judge


def _says(text):
    return lambda stack, network: {"id": say(stack, network, text)}


def _shows_text(text):
    def judge(new, said):
        joined = " ".join(b["text"] or "" for b in new)   # in several bubbles, where it is longer than one may be
        return "full" if "".join(text.split()) in "".join(joined.split()) else ("fallback" if new else "none")
    return judge


def _shows_kind(kind, *words):
    def judge(new, said):
        if any(b["kind"] == kind for b in new):
            return "full"
        joined = " ".join(b["text"] or "" for b in new)
        return "fallback" if new and all(w in joined for w in words) else "none"
    return judge


def _reply(stack, network):
    target, text = _target(stack, network)
    return {"id": say(stack, network, "the answer", reply_to=target["id"]), "target": text}


def _shows_reply(new, said):
    quoted = [b for b in new if "the answer" in (b["text"] or "")]
    return "none" if not quoted else "full" if quoted[0].get("reply_to") else "fallback"


def _react(stack, network):
    target, text = _target(stack, network)
    react(stack, network, target["id"], "\u2764\ufe0f")
    return {"target": text}


def _unreact(stack, network):
    target, text = _target(stack, network)
    react(stack, network, target["id"], "\u2764\ufe0f")
    for other in NETWORKS:
        if other != network:
            wait_until(lambda: any(text in (b["text"] or "") and b["reactions"] for b in bubbles(stack, other)), "reaction")
    stack.control("unreact", {"network": network, "person": PEOPLE[network], "message": target["id"]})
    return {"target": text}


def _edit(stack, network):
    first = f"first words {os.urandom(4).hex()}"
    message = say(stack, network, first)
    for other in NETWORKS:
        if other != network:
            wait_until(lambda: any(first in (b["text"] or "") for b in bubbles(stack, other)), first)
    stack.control("edit", {"network": network, "person": PEOPLE[network], "message": message, "text": "second words"})
    return {"target": first}


def _unsend(stack, network):
    first = f"regretted {os.urandom(4).hex()}"
    message = say(stack, network, first)
    for other in NETWORKS:
        if other != network:
            wait_until(lambda: any(first in (b["text"] or "") for b in bubbles(stack, other)), first)
    stack.control("unsend", {"network": network, "person": PEOPLE[network], "message": message})
    return {"target": first}


def _shows_edit(new, said):
    return "fallback" if any("second words" in (b["text"] or "") for b in new) else "none"


def _shows_note(new, said):
    return "fallback" if new else "none"


def _album(stack, network):
    file = put_file(stack, os.path.join(FILES, "picture.jpg"), mime="image/jpeg")
    return {"id": _plain(stack, network, {"media": [{"kind": "image", "file": file}, {"kind": "image", "file": file}]})}


def _shows_album(new, said):
    pictures = [m for b in new for m in b.get("media") or [] if m["kind"] == "image"]
    if len(pictures) < 2:
        return "fallback" if new else "none"
    return "full" if any(len(b.get("media") or []) == 2 for b in new) else "partial"


def _choose(stack, network):
    """Presses a button a service offered."""
    question = f"which one, {os.urandom(4).hex()}?"
    path = os.path.join(stack.dir, "offer.json")
    with open(path, "w") as file:
        json.dump({"author": {"name": "Desk"}, "choices": {"shape": "buttons", "body": question, "options": [
            {"id": "tea", "title": "Tea please"}, {"id": "coffee", "title": "Coffee please"}]}}, file)
    stack.cli("send", "Trefoil", "--json", path)
    for other in NETWORKS:
        wait_until(lambda: any(question in json.dumps(b) for b in bubbles(stack, other)), question)
    offer = next(b for b in bubbles(stack, network) if question in json.dumps(b))
    stack.control("choose", {"network": network, "person": PEOPLE[network], "message": offer["id"], "option": "coffee"})
    return {"target": question}


LONG = " ".join(f"word{i}" for i in range(900))  # longer than any network's limit
PLACE = {"latitude": 52.370216, "longitude": 4.895168, "name": "Dam", "address": "Dam Square, Amsterdam"}
CARD = [{"name": "Bob Sample", "phones": ["+15551230002"], "emails": ["bob@example.org"]}]
CART = {"catalog": "194800000000020", "text": "gift wrap", "items": [{"id": "sku-1", "quantity": 2, "price": 30, "currency": "USD"}]}

CASES = [
    Case("text", _says("caf\u00e9 at nine? \U0001f600"), _shows_text("caf\u00e9 at nine? \U0001f600")),
    Case("long text", _says(LONG), _shows_text(LONG), feature="text"),
    Case("reply", _reply, _shows_reply),
    Case("reaction", _react, None),
    Case("reaction taken back", _unreact, None),
    Case("edit", _edit, _shows_edit),
    Case("retract", _unsend, _shows_note, networks=("whatsapp", "instagram")),
    Case("image", _file("image", "picture.jpg"), _shows_file("image")),
    Case("caption", _file("image", "picture.jpg", caption="the roof"), _shows_file("image", caption="the roof"),
         networks=("whatsapp", "messenger")),
    Case("video", _file("video", "film.mp4"), _shows_file("video")),
    Case("audio", _file("audio", "sound.m4a"), _shows_file("audio")),
    Case("voice", _file("voice", "voice.ogg"), _shows_file("voice"), networks=("whatsapp",)),
    Case("file", _file("file", "paper.pdf"), _shows_file("file")),
    Case("file name", _file("file", "paper.pdf", name="contract.pdf"), _shows_file("file", name="contract.pdf"),
         networks=("whatsapp",)),
    Case("sticker", _file("sticker", "sticker.webp"), _shows_file("sticker"), networks=("whatsapp", "messenger")),
    Case("animated", _file("animated", "moving.gif"), _shows_file("animated"), networks=("messenger", "instagram")),
    Case("album", _album, _shows_album, networks=("messenger", "instagram")),
    Case("choice", _choose, _shows_kind("choice", "Coffee please")),
    Case("location", lambda s, n: {"id": _plain(s, n, {"location": PLACE})}, _shows_kind("location", "Dam", "52.37"),
         networks=("whatsapp",)),
    Case("contacts", lambda s, n: {"id": _plain(s, n, {"contacts": CARD})}, _shows_kind("contacts", "Bob", "15551230002"),
         networks=("whatsapp",)),
    Case("order", lambda s, n: {"id": _plain(s, n, {"order": CART})}, _shows_kind("order", "sku-1"), networks=("whatsapp",)),
    Case("forwarded", lambda s, n: {"id": _plain(s, n, {"text": "pass it on", "forwarded": True})},
         lambda new, said: "full" if new and new[0].get("forwarded") else "none", networks=("whatsapp",)),
    Case("story reply", lambda s, n: {"id": _plain(s, n, {"story_reply": {"url": "https://example.org/story", "text": "wow"}})},
         lambda new, said: "partial" if any("wow" in (b["text"] or "") for b in new) else "none",
         networks=("instagram",), feature="text"),
    Case("share", lambda s, n: {"id": _plain(s, n, {"share": {"kind": "post", "url": "https://example.org/post", "title": "Our post"}})},
         _shows_text("https://example.org/post"), networks=("messenger", "instagram"), feature="text"),
]


def _relation(stack, other, said, taken_back):
    """A reaction is not a bubble of its own: it sits on the message it is about."""
    bubble = next(b for b in bubbles(stack, other) if said["target"] in (b["text"] or ""))
    there = any(r["by"] == "business" for r in bubble["reactions"]) or \
        any(r["by"] == "business" for b in bubbles(stack, other) if said["target"] in (b["text"] or "") for r in b["reactions"])
    return there != taken_back


def _settle(stack):
    def is_settled():
        text = stack.audit()[1]
        return "pending 0" in text and stack.control("state")["events_waiting"] == 0
    wait_until(is_settled, "nothing under way", timeout=30)


def _ids(stack, network):
    return {b["id"] for b in bubbles(stack, network)}


def _lost_of(stack, envelope):
    """{account: lost words} of an envelope, by its trace."""
    out = {}
    for line in stack.cli("trace", envelope, "--json").stdout.splitlines():
        hop = json.loads(line)
        text = hop.get("text") or ""
        if hop.get("account") and "lost: " in text:
            out.setdefault(hop["account"], []).append(text.split("lost: ", 1)[1])
    return out


def _claims(stack):
    """{network: {feature: support}} as each translator says of itself."""
    out = {}
    for network in NETWORKS:
        done = subprocess.run([os.path.join(stack.bin, "trefoil-" + network), "--capabilities"], capture_output=True,
                              text=True, check=True, stdin=subprocess.DEVNULL)
        out[network] = {f["feature"]: f["support"] for f in json.loads(done.stdout)["features"]}
    return out


class _Reader:
    """A service that reads along, for the ids of envelopes."""

    def __init__(self, stack):
        self.path = os.path.join(stack.dir, "read.jsonl")
        env = dict(stack.env, TREFOIL_KEYRING=os.path.join(stack.dir, "trust/keys/admin.keyring"),
                   TREFOIL_GATEWAY=f"tcp://127.0.0.1:{stack.base}")
        with open(self.path, "w") as out:
            self.process = subprocess.Popen([os.path.join(stack.bin, "trefoil"), "tail", "--json", "--from", "earliest"],
                                            stdout=out, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=env)

    def newest(self, account):
        """The newest message somebody sent through the account."""
        with open(self.path) as file:
            lines = [json.loads(line) for line in file if line.endswith("\n")]
        own = [line for line in lines if line["account"] == account and not line["echo"] and line["kind"] != "receipt"]
        return own[-1]["envelope"] if own else None

    def close(self):
        self.process.kill()
        self.process.wait()


def _measure(stack, reader, case, network):
    """What the other two phones show: {other: (word, lost)}."""
    before = {other: _ids(stack, other) for other in NETWORKS}
    earlier = reader.newest(ACCOUNTS[network])
    said = case.say(stack, network)
    wait_until(lambda: reader.newest(ACCOUNTS[network]) != earlier, f"{case.name} on the bus")
    _settle(stack)
    time.sleep(0.3)   # the reader's lines are on their way to its file
    envelope = reader.newest(ACCOUNTS[network])
    lost = _lost_of(stack, envelope)
    out = {}
    for other in NETWORKS:
        if other == network:
            continue
        new = [b for b in bubbles(stack, other)
               if b["id"] not in before[other] and b["direction"] == "in" and said.get("target", "\0") not in (b["text"] or "")]
        if case.judge:
            word = case.judge(new, said)
        elif _relation(stack, other, said, case.name.endswith("back")):
            word = "full"
        else:
            word = "fallback" if new else "none"
        out[other] = (word, "; ".join(lost.get(ACCOUNTS[other], [])))
        if os.environ.get("PAIRS_SHOW"):
            print(case.name, network, other, out[other], [(b["kind"], b["text"], b.get("caption"), b.get("media")) for b in new])
    return out


def _row(case, cells):
    out = []
    for network in NETWORKS:
        for other in NETWORKS:
            if other == network:
                continue
            word, lost = cells.get((network, other), ("–", ""))
            out.append(f"{word}: {lost}" if lost and word != "full" else word)
    return f"| {case.name} | " + " | ".join(out) + " |\n"


# --- what only services say

MESSAGES = os.path.join(TOP, "tests/conformance/messages")
SERVICE_HEAD = """
## From a service

What only services say, or say as well, to each network: the messages of `tests/conformance/messages`, sent with
`trefoil send` to one person there.

| | WA | MS | IG |
| --- | --- | --- | --- |
"""


def _offers(shape, *others):
    """Options in that shape; in another one they can still be pressed."""
    def judge(new):
        shapes = [b["choices"]["shape"] for b in new if b.get("choices")]
        return "full" if shape in shapes else "partial" if any(s in others for s in shapes) else _words(new)
    return judge


def _opens(new):
    """A button that leads somewhere: what it is called by the network does not matter."""
    return "full" if any(o.get("url") for b in new if b.get("choices") for o in b["choices"]["options"]) else _words(new)


def _words(new):
    return "fallback" if any(b["text"] for b in new) else "none"


def _is(kind):
    return lambda new: "full" if any(b["kind"] == kind for b in new) else _words(new)


def _is_marked(new):
    """As the network's own programs write what they show bold, slanted and as a link."""
    return "full" if any("*Hello* _quiet_ link (https://example.com/)" in (b["text"] or "") for b in new) else _words(new)


SERVICE_CASES = {
    "formatting": ("text-with-spans", _is_marked),
    "buttons": ("buttons", _offers("buttons")),
    "list": ("list", _offers("list", "quick_replies", "buttons")),
    "quick replies": ("quick-replies", _offers("quick_replies", "buttons", "list")),
    "link button": ("link", _opens),
    "template": ("template", _is("template")),
    "location": ("location-with-a-name", _is("location")),
    "contacts": ("contacts", _is("contacts")),
    "order": ("order", _is("order")),
    "choice": ("choice", _is("choice")),
    "unsupported": ("unsupported", _words),
}


def _say_as_service(stack, name, network):
    """(what the phone shows, the lost words)"""
    path = os.path.join(stack.dir, "service.json")
    with open(os.path.join(MESSAGES, name + ".json"), encoding="utf-8") as file:
        content = dict(json.load(file)["content"], author={"name": "Desk"})
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file)
    before = _ids(stack, network)
    envelope = stack.cli("send", "Only " + network, "--json", path).stdout.split()[-1]
    _settle(stack)
    new = [b for b in bubbles(stack, network) if b["id"] not in before and b["direction"] == "in"]
    return new, "; ".join(_lost_of(stack, envelope).get(ACCOUNTS[network], []))


def _service_table(stack, claims, silent, lies):
    table = SERVICE_HEAD
    for network in NETWORKS:
        stack.make_room("Only " + network, (network, PEOPLE[network]))
    for feature, (name, judge) in SERVICE_CASES.items():
        cells = []
        for network in NETWORKS:
            new, lost = _say_as_service(stack, name, network)
            word, claimed = judge(new), claims[network][feature]
            cells.append(f"{word}: {lost}" if lost and word != "full" else word)
            if word != "full" and not lost:
                silent.append(f"{feature}, a service to {network}: {word}, and nothing says so")
            if WORDS.index(word) < WORDS.index({"rejected": "none", "dropped": "none"}.get(claimed, claimed)):
                lies.append(f"{feature}, a service to {network}: {word}, claimed {claimed}")
        table += f"| {feature} | " + " | ".join(cells) + " |\n"
    return table


def test_every_kind_from_every_network_reaches_every_other_and_no_loss_is_silent():
    silent, lies, table = [], [], HEAD
    pairs = [(a, b) for a in NETWORKS for b in NETWORKS if a != b]
    table += "| | " + " | ".join(f"{SHORT[a]} → {SHORT[b]}" for a, b in pairs) + " |\n| --- |" + " --- |" * len(pairs) + "\n"
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        claims, reader = _claims(stack), _Reader(stack)
        for case in CASES:
            cells = {}
            for network in case.networks:
                for other, cell in _measure(stack, reader, case, network).items():
                    cells[network, other] = cell
                    word, lost = cell
                    if word != "full" and not lost:
                        silent.append(f"{case.name}, {network} to {other}: {word}, and nothing says so")
                    claimed = claims[other][case.feature]
                    promised = {"rejected": "none", "dropped": "none"}.get(claimed, claimed)
                    if WORDS.index(word) < WORDS.index(promised) and case.name == case.feature:
                        lies.append(f"{case.name}, {network} to {other}: {word}, claimed {claimed}")
            table += _row(case, cells)
        reader.close()
        table += _service_table(stack, claims, silent, lies)
        ok, text = stack.audit()
        assert ok, text
    assert not silent, "\n".join(silent)
    assert not lies, "\n".join(lies)
    if os.environ.get("PAIRS_WRITE"):
        with open(TABLE, "w") as file:
            file.write(table)
    with open(TABLE) as file:
        assert file.read() == table, "translators/PAIRS.md is not what arrives; PAIRS_WRITE=1 writes it: read it then\n" + table
