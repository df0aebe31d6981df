"""What a translator says of its network, to the gateway and with `--capabilities`, against what its network really got:
each cell of the record, and each limit, at it and one beyond. Never knows a limit by itself."""

import json
import subprocess

from parts import Broken, Case, check, difference, said_cases

# The message of the kit that shows a feature.
SHOWN_BY = {
    "text": "text", "formatting": "text with spans", "reply": "reply", "reaction": "reaction",
    "reaction taken back": "reaction removed", "edit": "edit", "retract": "retract", "read mark": "receipt read",
    "typing": "typing on", "location": "location", "contacts": "contacts", "buttons": "buttons", "list": "list",
    "quick replies": "quick replies", "link button": "link", "choice": "choice", "template": "template", "order": "order",
    "forwarded": "forwarded text", "unsupported": "unsupported",
}
SHAPES = {"buttons": "buttons", "list": "list", "quick replies": "quick_replies", "link button": "link"}
NATIVE = ("full", "partial")
LONGEST_LIST = 256  # of a content: beyond it the client refuses


def record_of(world):
    """The record as the process published it, by feature, and the faults of it: it must print the same."""
    lines = world.cli("capabilities", "--json", check=False).stdout.splitlines()
    accounts = {a["account"]: a for a in map(json.loads, lines)}
    wanted = [f"{world.name}/{account}" for account in world.testdata.accounts]
    faults = [f"{account}: no record at the gateway" for account in wanted if account not in accounts]
    if faults:
        raise Broken(faults)
    has_converter = accounts[wanted[0]]["has_converter"]
    printed = printed_record(world, has_converter)
    for account in wanted:
        for feature in accounts[account]["features"]:
            found = difference(printed.get(feature["feature"]), feature, feature["feature"])
            if found:
                faults.append(f"{account}: told the gateway otherwise than it prints: {found}")
    if faults:
        raise Broken(faults)
    return {f["feature"]: f for f in accounts[wanted[0]]["features"]}


def printed_record(world, has_converter):
    done = subprocess.run([world.binary, "--capabilities"] + ([] if has_converter else ["--without-converter"]),
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20)
    if done.returncode != 0:
        raise Broken(["--capabilities prints no record"])
    return {f["feature"]: {k: v for k, v in f.items() if not k.startswith("unconverted")} for f in json.loads(done.stdout)["features"]}


def claims(world):
    """Every cell of the capability record is what really arrives."""
    record = record_of(world)
    cases = {case.name: case for case in said_cases(world)}
    faults, n = [], 0
    for feature, name in SHOWN_BY.items():
        if feature not in record:
            faults.append(f"{feature}: not in the record")
            continue
        n += 1
        found = belied(feature, record[feature]["support"], cases[name])
        if found:
            faults.append(f"{feature} is said to be {record[feature]['support']}: {found}")
    return check(faults, f"{n} cells; those of files need a blob store")


def belied(feature, support, case):
    """Why this is not what was claimed, or None."""
    if case.refused:
        return case.refused
    is_kept = "typing" not in case.message["content"]  # the others have an outcome
    wanted = "bounced" if support == "rejected" else "sent"
    if is_kept and case.verdict != wanted:
        return f"it ended {case.verdict or 'nowhere'}"
    if support in ("full", "partial", "fallback") and not case.requests:
        return "the network got nothing"
    if support == "full" and case.lost:
        return f"lost {case.lost}"
    if support == "fallback" and not case.lost:
        return "nothing is said to be lost"
    if support == "dropped" and [word for word in case.lost if word != feature]:
        return f"lost {case.lost}"
    return None


# --- limits


def text_of(size, feature, wide):
    """Exactly `size` of the feature's units; `wide` characters take four bytes each."""
    if not wide:
        return "a" * size
    return "\U0001f600" * (size // 4) + "a" * (size % 4) if feature.get("in_bytes") else "\U0001f600" * size


def choices(shape, **changes):
    n, is_divided = changes.pop("n", 1), changes.pop("is_divided", False)
    option = {"id": "id", "title": "One", "description": "First", "section": "Tea", "url": "https://example.com/"}
    keep = {"list": ("id", "title", "description", "section"), "link": ("id", "title", "url")}.get(shape, ("id", "title"))
    option = {k: option[k] for k in keep}
    option.update({k: v for k, v in changes.items() if k in ("id", "title", "description")})
    options = [dict(option, id=option["id"] if n == 1 else f"id{i}", title=option["title"] if n == 1 else f"T{i}")
               for i in range(n)]
    for i, own in enumerate(options if is_divided else ()):
        own["section"] = f"Section {i}"
    body = {"shape": shape, "body": "Which one?", "options": options}
    body.update({k: v for k, v in changes.items() if k in ("header", "footer", "label", "body")})
    return {"author": {"network": "speaker"}, "fallback": "Which one?", "choices": body}


def contacts(n):
    return {"fallback": "Cards", "contacts": {"cards": [
        {"name": f"C{i}", "phones": ["+15551230002"]} for i in range(n)]}}


MEMBERS = {"max_title": "title", "max_description": "description", "max_id": "id", "max_header": "header",
           "max_footer": "footer", "max_label": "label", "max_text": "body"}


def probes_of(feature, name):
    """(what, content at the limit, content one beyond)"""
    if name == "text" and feature.get("max_text"):
        size = feature["max_text"]
        for wide in (False, True):
            make = lambda n: {"text": {"body": text_of(n, feature, wide)}}
            yield f"max_text {size}{' of wide characters' if wide else ''}", make(size), make(size + 1)
    if name == "contacts" and feature["support"] in NATIVE and feature.get("max_count"):
        size = min(feature["max_count"], LONGEST_LIST)
        yield f"max_count {size}", contacts(size), contacts(size + 1)
    if name not in SHAPES or feature["support"] not in NATIVE:
        return
    shape = SHAPES[name]
    if feature.get("max_count", 0) > 1:
        yield f"max_count {feature['max_count']}", choices(shape, n=feature["max_count"]), \
            choices(shape, n=feature["max_count"] + 1)
    if feature.get("max_sections", 0) > 1:  # one beyond, where there may be as many options
        size = min(feature["max_sections"], feature.get("max_count") or feature["max_sections"])
        yield f"max_sections {size}", choices(shape, n=size, is_divided=True), choices(shape, n=size + 1, is_divided=True)
    for limit, member in MEMBERS.items():
        if not feature.get(limit) or (member in ("description", "label") and shape != "list"):
            continue
        size = feature[limit]
        for wide in (False, True):
            if member == "id" and wide:
                continue
            make = lambda n: choices(shape, **{member: text_of(n, feature, wide)})
            yield f"{limit} {size}{' of wide characters' if wide else ''}", make(size), make(size + 1)


def limits(world):
    """At every limit of the record a message is whole; one beyond, it is told what was lost, split or refused."""
    record = record_of(world)
    plain = {name: choices(shape) for name, shape in SHAPES.items()}
    plain.update(text={"text": {"body": "a"}}, contacts=contacts(2))
    probes = [(name, what, at, over) for name, feature in record.items() for what, at, over in probes_of(feature, name)]
    contents = [plain[name] for name in plain] + [c for p in probes for c in p[2:]]
    cases = settled(world, contents)
    small = dict(zip(plain, cases))
    faults = []
    for i, (name, what, _, _) in enumerate(probes):
        at, over = cases[len(plain) + 2 * i], cases[len(plain) + 2 * i + 1]
        is_partial = record[name]["support"] == "partial"
        if not (is_uncut(at) if is_partial else is_same(at, small[name])):
            faults.append(f"{name}, {what}: at the limit it ended {at.verdict}, {len(at.requests)} requests, lost {at.lost}")
        if over.refused and f"more than {LONGEST_LIST} entries" in over.refused:
            continue
        if over.refused or (is_same(over, at) and not (is_partial and "max_count" not in what)):
            faults.append(f"{name}, {what}: one beyond, nothing is said to be lost" + (f" ({over.refused})" if over.refused else ""))
    return check(faults, f"{len(probes)} limits, at each and one beyond")


def is_same(case, other):
    return (case.verdict, len(case.requests), case.lost) == (other.verdict, len(other.requests), other.lost)


def is_uncut(case):
    """Another shape may stand for it, but words do not, and nothing is shorter. What such a cell becomes may take more
    than the cell says: beyond the limit of a member it need not be cut."""
    return case.verdict == "sent" and not any(">" in word or word.endswith("→text") for word in case.lost)


def settled(world, contents):
    cases = [Case(world, 500 + i, {"name": f"limit {i}", "content": content}) for i, content in enumerate(contents)]
    for case in cases:
        case.begin(world)
    lines = world.lines_until(lambda l: len(l) >= 2 * len(cases), "everybody is heard", 20)
    for case in cases:
        case.said(lines)
    for case in cases:
        case.send(world)
    for case in cases:
        case.settle(world)
    return cases
