"""What each network can express, as the documentation says it: printed by the translators themselves."""

import json
import os
import subprocess

from bus import WELCOME, Peer, channels, field, first
from people import FILES, bubbles, received, room_of_three, say_file
from stack import NETWORKS, PEOPLE, TOP, Stack, wait_until
from test_policy import configure

DOC = os.path.join(TOP, "translators/CAPABILITIES.md")
ASK, ANSWER, CAPABILITY_PUT = 17, 18, 15   # numbers of control.proto
BIN = os.path.abspath(os.environ.get("TREFOIL_BIN") or os.path.join(TOP, "build/release/bin"))
LIMITS = (("max_text", "{} {unit}"), ("max_count", "at most {}"), ("max_sections", "{} sections"), ("max_title", "title {}"),
          ("max_description", "description {}"), ("max_id", "id {}"), ("max_label", "label {}"), ("max_header", "header {}"),
          ("max_footer", "footer {}"))
HEAD = """# What each network can express

Printed by the translators (`trefoil-whatsapp --capabilities`) and kept true by `tests/system/test_capabilities.py`
(`CAPABILITIES_WRITE=1` writes it). `encode` consults the same record, the bus publishes it (`trefoil capabilities`), and
`tests/conformance/run` and [PAIRS.md](PAIRS.md) hold it against what really arrives. Texts count in characters unless
bytes are said; *without converter* is what is left where no ffmpeg runs.

"""


def record(network, *flags):
    done = subprocess.run([os.path.join(BIN, "trefoil-" + network), "--capabilities", *flags], capture_output=True, text=True,
                          check=True, stdin=subprocess.DEVNULL)
    return {f["feature"]: f for f in json.loads(done.stdout)["features"]}


def size(count):
    return f"{count / (1 << 20):g} MiB" if count >= 1 << 20 else f"{count / 1024:g} KiB"


def cell(feature, without):
    words = f"**{feature['support']}**"
    if feature.get("becomes") and feature["support"] != "full":
        words += f" ({feature['becomes']})"
    if "unconverted" in feature:
        words += f", *without converter* {without['support']}" + (f" ({without['becomes']})" if without.get("becomes") else "")
    unit = "bytes" if feature.get("in_bytes") else "characters"
    limits = [text.format(feature[key], unit=unit) for key, text in LIMITS if feature.get(key)]
    if feature.get("max_bytes"):
        limits.append(size(feature["max_bytes"]))
    limits += [", ".join(feature["mimes"])] if feature.get("mimes") else []
    return words + (": " + "; ".join(limits) if limits else "")


def table():
    names = NETWORKS + ("echo",)
    with_it, without = {n: record(n) for n in names}, {n: record(n, "--without-converter") for n in names}
    text = HEAD + "| | " + " | ".join(names) + " |\n" + "| --- " * (len(names) + 1) + "|\n"
    for feature in with_it["whatsapp"]:
        text += f"| {feature} | " + " | ".join(cell(with_it[n][feature], without[n][feature]) for n in names) + " |\n"
    return text


def test_documentation_says_what_the_translators_say_of_themselves():
    text = table()
    if os.environ.get("CAPABILITIES_WRITE"):
        with open(DOC, "w") as file:
            file.write(text)
    with open(DOC) as file:
        assert file.read() == text, "translators/CAPABILITIES.md is not what the translators say; CAPABILITIES_WRITE=1 writes it"


def test_process_without_a_converter_says_so_on_the_bus_and_keeps_to_it():
    with Stack() as stack:
        for network in PEOPLE:
            configure(stack, network, top='converter: ""\n')
        stack.start_all()
        room_of_three(stack)
        told = {}

        def all_told():   # a translator tells it when it has been connected for a moment
            for line in stack.cli("capabilities", "--json").stdout.splitlines():
                record = json.loads(line)
                assert not record["has_converter"], record["account"]
                told[record["account"].split("/")[0]] = {f["feature"]: f["support"] for f in record["features"]}
            return set(told) == set(NETWORKS)

        wait_until(all_told, lambda: f"a record of each account, of {sorted(told)} so far")
        for kind, file in (("voice", "voice.ogg"), ("sticker", "sticker.webp")):
            say_file(stack, "whatsapp", kind, os.path.join(FILES, file))
            for other, support in (("messenger", "partial"), ("instagram", "fallback")):
                assert told[other][kind] == support, (other, kind, told[other][kind])
        wait_until(lambda: len(received(stack, "messenger")) == 4 and len(received(stack, "instagram")) == 2, "all that is sent")
        kinds = [b["kind"] for b in bubbles(stack, "messenger")]
        assert kinds.count("file") == 2, kinds   # the bytes, though not as what they are
        assert not any(b.get("media") for b in bubbles(stack, "instagram")), "a file that Instagram does not take"


def test_bus_tells_what_every_account_can_do():
    with Stack() as stack:
        stack.start_all()
        told = lambda: stack.cli("capabilities").stdout
        wait_until(lambda: all(n in told() for n in NETWORKS), "a record of each account")
        assert "voice" in told() and "rejected" not in told().split("text")[0], told()[:400]


def test_more_accounts_than_one_answer_holds_are_told_in_pages():
    with Stack() as stack:
        accounts = {name: [f"{name}/{i}" for i in range(150)] for name in ("left", "right")}
        for name, owned in accounts.items():
            stack.cli("roster", "add", name, "--accounts", ",".join(owned))
        stack.start("gateway")
        wait_until(lambda: stack.ready("gateway"), "gateway ready", 20)
        with open(os.path.join(stack.dir, "trust/trust.bundle"), "rb") as bundle:
            channel = channels(bundle.read())["main"]
        for name, owned in accounts.items():
            record = field(1, name) + field(3, field(1, "text") + field(2, "full"))
            with Peer(stack, name) as peer:
                peer.hello(name)
                assert peer.wait_for(WELCOME)
                for i, account in enumerate(owned):
                    put = field(CAPABILITY_PUT, field(1, channel) + field(2, account) + field(3, record))
                    peer.send(field(ASK, field(1, i + 1) + put))
                    assert first(peer.wait_for(ANSWER) or b"", 2), account
        told = [json.loads(line)["account"] for line in stack.cli("capabilities", "--json").stdout.splitlines()]
        assert sorted(told) == sorted(accounts["left"] + accounts["right"]), len(told)
        assert stack.cli("capabilities", "--markdown").stdout.count("| feature |") == 2
