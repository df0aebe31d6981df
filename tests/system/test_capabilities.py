"""What each network can express, as the documentation says it: printed by the translators themselves."""

import json
import os
import subprocess

from stack import NETWORKS, TOP, Stack, wait_until

DOC = os.path.join(TOP, "translators/CAPABILITIES.md")
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
    if without["support"] != feature["support"]:
        words += f", *without converter* {without['support']}"
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


def test_bus_tells_what_every_account_can_do():
    with Stack() as stack:
        stack.start_all()
        told = lambda: stack.cli("capabilities").stdout
        wait_until(lambda: all(n in told() for n in NETWORKS), "a record of each account")
        assert "voice" in told() and "rejected" not in told().split("text")[0], told()[:400]
