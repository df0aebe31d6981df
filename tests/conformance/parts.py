"""What a translator must do, part by part, seen from outside. A part returns a line to print, or raises Broken."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

from network import as_golden
from samples import read_json
from stack import wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
THREADS = 4
MUTATIONS = 5000  # of all prefixes and flips, evenly chosen, unless --long
FIRST, LAST = "first", "last"  # what a person says before somebody answers


class Broken(Exception):
    """Why the part failed, a line per fault."""

    def __init__(self, faults):
        super().__init__("\n".join(faults[:20] + ([f"… and {len(faults) - 20} more"] if len(faults) > 20 else [])))


def check(faults, words):
    if faults:
        raise Broken(faults)
    return words


def typed(status):
    return status == 200 or 400 <= status < 500


def difference(wanted, got, at=""):
    """The first place where two JSON values differ, in words; None when they do not."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key in sorted(set(wanted) | set(got)):
            if key not in got:
                return f"{at}.{key} is missing (golden: {json.dumps(wanted[key])[:120]})"
            if key not in wanted:
                return f"{at}.{key} = {json.dumps(got[key])[:120]} is not in the golden"
            found = difference(wanted[key], got[key], f"{at}.{key}")
            if found:
                return found
        return None
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        return next((d for i, (w, g) in enumerate(zip(wanted, got)) if (d := difference(w, g, f"{at}[{i}]"))), None)
    return None if wanted == got else f"{at}: golden {json.dumps(wanted)[:160]}, here {json.dumps(got)[:160]}"


# --- in


def key_of(account, content):
    return json.dumps([account, content], sort_keys=True)


def without_notes(content):
    """The content as decoded: that a file could not be fetched is the process's own note beside it."""
    pairs = [(k, v) for k, v in zip(content.get("extra_key", []), content.get("extra_value", [])) if k != "media.lost"]
    rest = {k: v for k, v in content.items() if k not in ("extra_key", "extra_value")}
    return dict(rest, extra_key=[k for k, _ in pairs], extra_value=[v for _, v in pairs]) if pairs else rest


def expected_of(event):
    account = event.get("account")
    return account, event.get("user_id") if account else None, event["content"]


def decode(world):
    """Every sample becomes the events of its golden, and posted again nothing new."""
    testdata, faults, seen, n = world.testdata, [], set(), 0
    for name in testdata.webhooks:
        wanted = []
        for event in testdata.events(name):  # an event that an earlier sample held too is known already
            if event.get("ephemeral") or (event.get("account"), event["key"]) not in seen:
                wanted.append(expected_of(event))
            seen.add((event.get("account"), event["key"]))
        status = world.post(testdata.body(name))
        if status != 200:
            faults.append(f"{name}: answered {status}")
            continue
        got = world.lines_until(lambda lines: len(lines) >= len(wanted), name)
        n += len(wanted)
        faults += [f"{name}: {words}" for words in compare_events(wanted, got)]
    bodies = [testdata.body(name) for name in testdata.webhooks]
    faults += [f"posted again: answered {status}" for status in map(world.post, bodies) if status != 200]
    body, content = world.people.says("sentinel", "mid-sentinel")
    world.post(body)
    again = world.lines_until(lambda lines: any(l["content"] == content for l in lines), "the sentinel")
    if not any(l["content"] == content for l in again):
        faults.append("a person says one plain thing as in the samples, and it comes otherwise or not at all")
    lasting = [e["content"] for name in testdata.webhooks for e in testdata.events(name) if not e.get("ephemeral")]
    faults += [f"posted again, and it came again: {json.dumps(l['content'])[:160]}" for l in again
               if l["content"] in lasting and l["content"] != content]
    return check(faults, f"{len(testdata.webhooks)} samples, {n} events; twice is once")


def compare_events(wanted, got):
    """In order; what the process learnt by itself (an account's health) is no event of the sample."""
    out = []
    got = [l for l in got if not ("account_state" in (l.get("content") or {}) and l["user_id"] is None)] \
        if not any("account_state" in w[2] for w in wanted) else got
    if len(wanted) != len(got):
        out.append(f"{len(wanted)} events wanted, {len(got)} came" + "".join(f"; {json.dumps(l)[:400]}" for l in got[len(wanted):len(wanted) + 1]))
    for (account, user, content), line in zip(wanted, got):
        if account and line["account"] != account:
            out.append(f"from account {line['account']}, golden {account}")
        if account and user and line["user_id"] != user:
            out.append(f"from user {line['user_id']}, golden {user}")
        found = difference(content, without_notes(line.get("content") or {}), "content")
        if found:
            out.append(found)
    return out


def hostile(world):
    """Every prefix and every flipped byte has a typed answer, and the process is as it was."""
    testdata, budget = world.testdata, 0 if world.long else MUTATIONS
    bodies = [testdata.body(name) for name in testdata.webhooks]
    total = 2 * sum(map(len, bodies))
    stride = max(1, total // budget) if budget else 1

    def mutations():
        at = 0
        for body in bodies:
            for i in range(len(body)):
                for flip in (False, True):
                    at += 1
                    if at % stride == 0:
                        yield body[:i] + bytes([body[i] ^ (1 << at % 8)]) + body[i + 1:] if flip else body[:i]

    before, began, faults, n = world.memory_kb(), time.monotonic(), [], 0
    with ThreadPoolExecutor(THREADS) as pool:
        for status in pool.map(world.post, mutations(), chunksize=1):
            n += 1
            if not typed(status):
                faults.append(f"mutation {n}: answered {status}")
                if len(faults) > 10 or not world.is_alive():
                    break
    if not world.is_alive():
        faults.append("the process is dead")
        raise Broken(faults)
    after = world.memory_kb()
    if after > world.memory_max_kb:
        faults.append(f"it holds {after} KB at the end, {before} KB before; allowed {world.memory_max_kb}")
    return check(faults, f"{n} of {total} bodies in {time.monotonic() - began:.1f} s; {before} → {after} KB")


def batches(world, people=200):
    """Many people at once: everybody is heard, once."""
    said = [world.people.says(f"batch-{i:04}", f"mid-batch-{i:04}") for i in range(people)]
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(world.post, [body for body, _ in said] * 2))
    faults = [f"answered {status}" for status in statuses if status != 200]
    wanted = {json.dumps(content, sort_keys=True) for _, content in said}
    got = world.lines_until(lambda lines: len(lines) >= len(wanted), "everybody")
    told = [json.dumps(l["content"], sort_keys=True) for l in got]
    faults += [f"never came: {w[:160]}" for w in wanted if w not in told]
    faults += [f"came {told.count(w)} times: {w[:160]}" for w in wanted if told.count(w) > 1]
    return check(faults, f"{people} people at once, each twice, each heard once")


# --- out


class Case:
    """A message of the kit on its way to a person of its own."""

    def __init__(self, world, number, message):
        self.name, self.message, self.person = message["name"], message, f"case-{number:03}"
        self.refused = self.envelope = self.verdict = self.text = None
        self.requests, self.lost, self.patience_s = [], [], 6
        golden = world.testdata.encode
        self.golden = golden.get(self.name) or golden.get(self.name + ": cannot be expressed")
        self.is_bounced = self.name + ": cannot be expressed" in golden

    def begin(self, world):
        """The person says two things; where they are heard is where we answer."""
        for word in (FIRST, LAST):
            body, _ = world.people.says(self.person, f"mid-{self.person}-{word}")
            status = world.post(body)
            assert status == 200, f"{self.name}: {self.person} is answered {status}"

    def said(self, lines):
        for line in lines:
            if line["user_id"] == self.person:
                self.room = line["room"]
                if line["content"].get("message_id") == f"mid-{self.person}-{FIRST}":
                    self.first = line["envelope"]
                else:
                    self.last = line["envelope"]

    def gather(self, world):
        """Somebody else must be in the room for names to be said."""
        if self.message.get("attribute"):
            self.room = world.cli("room", "create", self.person).stdout.strip()
            for person in (self.person, self.person.replace("case", "other"), self.person.replace("case", "third")):
                world.cli("room", "join", self.room, f"{world.name}/{world.testdata.accounts[0]}/{person}")

    def send(self, world):
        options = []
        for id in self.message.get("relates", [])[:1]:
            options = ["--reply-to", self.first if id else "f" * 32]
        self.envelope, self.refused = world.send(self.room, self.message["content"], *options)

    def settle(self, world):
        """Waits for the outcome and keeps what the network got."""
        if self.refused:
            return
        content = self.message["content"]
        wanted = len(self.golden["requests"]) if self.golden else 0
        if "typing" in content or "presence" in content:  # no outcome: nobody keeps these
            world.patiently(lambda: len(world.network.about(self.person)) >= wanted, 0.5)
        else:
            world.patiently(lambda: self._ended(world), self.patience_s)
        swaps = [(f"mid-{self.person}-{FIRST}", "their-message-id-1"), (f"mid-{self.person}-{LAST}", "their-last-message-id"),
                 (self.person, "user-1")]
        self.requests = [as_golden(r, swaps) for r in world.network.about(self.person)]

    def _ended(self, world):
        account = f"{world.name}/{world.testdata.accounts[0]}"
        ends = [h for h in world.hops(self.envelope) if h["outcome"] and h["account"] == account]
        if ends:
            self.verdict, self.lost, self.text = ends[0]["outcome"], ends[0]["lost"], ends[0]["text"]
        return bool(ends)


def needs_a_file(message):
    return any(m.get("blob") for m in message["content"].get("media", {}).get("media", []))


def cases_of(world):
    folder = os.path.join(HERE, "messages")
    messages = [read_json(os.path.join(folder, name)) for name in sorted(os.listdir(folder))]
    return [Case(world, i, m) for i, m in enumerate(messages) if "content" in m and not needs_a_file(m)]


def said_cases(world):
    """Every case sent and settled; done once, looked at by two parts."""
    if not world.cases:
        world.cases = cases_of(world)
        for case in world.cases:
            case.begin(world)
        lines = world.lines_until(lambda l: len(l) >= 2 * len(world.cases), "everybody is heard", 20)
        for case in world.cases:
            case.said(lines)
            case.gather(world)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda case: case.send(world), world.cases))
            list(pool.map(lambda case: case.settle(world), world.cases))
    return world.cases


def shape_of(golden_request):
    return {k: golden_request[k] for k in ("method", "path", "content_type", "body") if k in golden_request}


def encode(world):
    """Every message of the kit becomes the requests of its golden."""
    faults, n = [], 0
    cases = said_cases(world)
    for case in cases:
        if not case.golden:
            faults.append(f"{case.name}: not in encode.golden")
            continue
        if case.refused:
            faults.append(f"{case.name}: {case.refused}")
            continue
        wanted = [shape_of(r) for r in case.golden["requests"]]
        if case.message["content"].get("receipt", {}).get("state") == "failed" and not wanted:
            # No map says it: the process itself tells the author in his own app, once.
            n += len(case.requests)
            if len(case.requests) != 1:
                faults.append(f"{case.name}: the author is told {len(case.requests)} times")
            continue
        n += len(case.requests)
        found = difference(wanted, case.requests, "requests")
        if len(wanted) != len(case.requests):
            found = f"{len(wanted)} requests wanted, {len(case.requests)} came"
        if found:
            faults.append(f"{case.name}: {found}")
        if case.is_bounced and case.verdict != "bounced":
            faults.append(f"{case.name}: cannot be expressed, and is {case.verdict}")
        if case.verdict and not case.is_bounced and sorted(case.lost) != sorted(case.golden.get("lost", [])):
            faults.append(f"{case.name}: lost {case.lost}, golden {case.golden.get('lost', [])}")
    skipped = sum(1 for m in os.listdir(os.path.join(HERE, "messages"))) - len(cases)
    return check(faults, f"{len(cases)} messages, {n} requests; {skipped} need a file in the blob store and are not sent")


def replies(world):
    """Every answer of the network ends as judge.golden says."""
    order = {"sent": 0, "bounced": 1, "unknown": 2, "deferred": 3}
    verdicts = sorted(world.testdata.judge.items(), key=lambda v: (order[v[1]["outcome"]], bool(v[1].get("pause")), v[0]))
    at_once = [v for v in verdicts if v[0] in world.testdata.listed and not makes_wait(v[1])]
    alone = [v for v in verdicts if v not in at_once]
    if not world.long:
        alone = one_of_each(alone, world.testdata.listed)
    faults = together(world, at_once)
    for number, (name, verdict) in enumerate(alone):
        found = reply(world, name, verdict, f"reply-{number:03}")
        if found:
            faults.append(f"{name}: {found}")
        if makes_wait(verdict):
            world.restart_translator()  # the account may be waiting
    left = len(verdicts) - len(at_once) - len(alone)
    return check(faults, f"{len(verdicts) - left} answers" + (f"; {left} more that make somebody wait only with --long" if left else ""))


def makes_wait(verdict):
    return verdict["outcome"] == "deferred" or bool(verdict.get("health"))


def one_of_each(verdicts, listed):
    """Of those that share a file, the first of each kind of waiting."""
    kept, kinds = [], set()
    for name, verdict in verdicts:
        kind = tuple(verdict.get(key) for key in ("outcome", "pause", "bounded", "health"))
        if name not in listed or kind not in kinds:
            kept.append((name, verdict))
        kinds.add(kind)
    return kept


def together(world, verdicts):
    """Answers that make nobody wait, each to a person of its own: the faults."""
    cases = [Case(world, 900 + i, {"name": name, "content": {"text": {"body": "Hello"}}}) for i, (name, _) in enumerate(verdicts)]
    for case in cases:
        case.begin(world)
    lines = world.lines_until(lambda l: len(l) >= 2 * len(cases), "everybody is heard", 20)
    for case in cases:
        case.said(lines)
        world.network.told[case.person] = world.testdata.answer(case.name)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda case: case.send(world), cases))
        list(pool.map(lambda case: case.settle(world), cases))
    found = [(case.name, case.refused or otherwise(verdict, case.verdict, case.text)) for case, (_, verdict) in zip(cases, verdicts)]
    return [f"{name}: {words}" for name, words in found if words]


def otherwise(verdict, outcome, text):
    """How it ended, where that is not what the golden says; or None."""
    wanted = {"unknown": ("unknown", "bounced")}.get(verdict["outcome"], (verdict["outcome"],))
    if outcome not in wanted:
        return f"{' or '.join(wanted)} wanted, {outcome or 'nothing'} came"
    if verdict.get("reason") and verdict["outcome"] == "bounced" and verdict["reason"] not in (text or ""):
        return f"reason '{verdict['reason']}' wanted, '{text}' came"
    return None


def reply(world, name, verdict, person):
    body, _ = world.people.says(person, f"mid-{person}")
    world.post(body)
    heard = world.lines_until(lambda lines: any(l["user_id"] == person for l in lines), person)
    room = next(l["room"] for l in heard if l["user_id"] == person)
    world.network.told[person] = world.testdata.answer(name)
    envelope, refused = world.send(room, {"text": {"body": "Hello"}})
    if refused:
        return refused
    ends = []
    account = f"{world.name}/{world.testdata.accounts[0]}"

    def ended():
        ends[:] = [h for h in world.hops(envelope) if h["outcome"] and h["account"] == account]
        return bool(ends)

    if verdict["outcome"] == "deferred":  # it waits for another try, in the process or at the gateway
        world.patiently(lambda: world.network.about(person), 4)
        ended()
        del world.network.told[person]
        is_final = ends and ends[-1]["outcome"] not in ("deferred", "returned")
        return f"deferred, and ended {ends[-1]}" if is_final else None
    world.patiently(ended, 6)
    return otherwise(verdict, ends[-1]["outcome"], ends[-1]["text"]) if ends else otherwise(verdict, None, None)

