"""Files on their way from phone to phone: large ones, late ones, lying ones, and names that mean harm."""

import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from people import (FILES, bubbles, content_of, find, put_file, received, room_of_three, say, say_file, wait_for_text)
from stack import ACCOUNTS, PEOPLE, TOP, Skip, Stack, wait_until
from webhooks import post

LIMIT_KIB = 48 * 1024
HUNDRED_MB = 100_000_000


def peak_kib(stack, name):
    with open(f"/proc/{stack.pid(name)}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def files_on(stack, network, person=None):
    return [b for b in bubbles(stack, network, person) if b["direction"] == "in" and b.get("media")]


def wait_for_file(stack, network, count=1, timeout=30, person=None):
    """The bubbles with files, once there are that many."""
    return wait_until(lambda: len(f := files_on(stack, network, person)) >= count and f, f"{count} files on {network}", timeout)


def read_along(stack):
    """Everything so far, as a service reads it."""
    done = stack.cli("tail", "--json", "--from", "earliest", "--count", str(int(stack.metric("gateway", "trefoil_envelopes_total", verdict="published"))))
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_hundred_megabytes_from_messenger_to_whatsapp_take_48_megabytes_of_memory():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        path = os.path.join(stack.dir, "large.pdf")
        with open(path, "wb") as file:
            file.write(b"%PDF-1.4\n" + random.Random(7).randbytes(HUNDRED_MB - 9))
        with open(path, "rb") as file:
            wanted = hashlib.sha256(file.read()).hexdigest()
        began = time.monotonic()
        say_file(stack, "messenger", "file", path, name="large.pdf")
        bubble = wait_for_file(stack, "whatsapp", timeout=120)[0]
        took = time.monotonic() - began
        assert bubble["kind"] == "file", bubble
        assert hashlib.sha256(content_of(stack, bubble["media"][0])).hexdigest() == wanted
        peaks = {name: peak_kib(stack, name) for name in ("gateway", "messenger", "whatsapp", "instagram")}
        print(f"{'':10} 100 MB in {took:.1f} s; at most", ", ".join(f"{n} {k // 1024} MiB" for n, k in peaks.items()))
        assert all(kib < LIMIT_KIB for kib in peaks.values()), peaks


def test_file_whose_address_has_expired_since_still_reaches_whoever_reads_later():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        stack.kill("whatsapp")
        say_file(stack, "messenger", "image", os.path.join(FILES, "picture.jpg"))
        wait_for_file(stack, "instagram")
        stack.control("clock", {"advance_ms": 20 * 3600 * 1000})
        stack.control("faults", {"network": "messenger", "fault": "media_gone"})
        stack.again("whatsapp")
        shown = wait_for_file(stack, "whatsapp")[0]
        with open(os.path.join(FILES, "picture.jpg"), "rb") as file:
            assert content_of(stack, shown["media"][0]) == file.read()


def test_address_that_expires_before_the_first_read_is_asked_for_again():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        stack.control("faults", {"network": "whatsapp", "fault": "media_expired", "count": 1})
        say_file(stack, "whatsapp", "image", os.path.join(FILES, "picture.jpg"), caption="the roof")
        assert wait_for_file(stack, "messenger")[0]["kind"] == "image"
        assert stack.control("faults")["faults"]["whatsapp"]["media_expired"]["struck"] == 1, "the fault did not strike"


def test_slow_media_host_delays_only_its_own_room():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        stack.control("people", {"network": "messenger", "user_id": "6543210000000099", "name": "Dora"})
        stack.control("people", {"network": "whatsapp", "user_id": "15551230099", "name": "Emil"})
        stack.make_room("Other", ("messenger", "6543210000000099"), ("whatsapp", "15551230099"))
        large = os.path.join(stack.dir, "large.jpg")
        with open(os.path.join(FILES, "picture.jpg"), "rb") as head, open(large, "wb") as file:
            file.write(head.read() + b"\0" * 400_000)
        stack.control("faults", {"network": "messenger", "fault": "media_slow", "bytes_per_s": 60_000})
        say_file(stack, "messenger", "image", large)
        say(stack, "messenger", "after the picture")
        say(stack, "messenger", "from the other room", person="6543210000000099")
        wait_for_text(stack, "whatsapp", "from the other room", person="15551230099", timeout=5)
        assert not files_on(stack, "whatsapp"), "the picture was not slow: this proves nothing"
        assert not find(stack, "whatsapp", "after the picture"), "somebody's second message overtook his first"
        wait_for_file(stack, "whatsapp", timeout=60)
        wait_for_text(stack, "whatsapp", "after the picture")
        order = [bool(b.get("media")) for b in bubbles(stack, "whatsapp") if b["direction"] == "in"]
        assert order == [True, False], order
        assert len(files_on(stack, "instagram")) == 1, "the repeated webhook made a second picture"


def test_type_that_lies_is_told_by_the_bytes():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        say_file(stack, "whatsapp", "image", os.path.join(FILES, "paper.pdf"), mime="image/jpeg")
        shown = wait_for_file(stack, "messenger")[0]
        assert shown["kind"] == "file", shown
        say(stack, "whatsapp", "still there?")
        wait_for_text(stack, "messenger", "still there?")


def test_addresses_that_lead_inside_and_bodies_without_end_become_words():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        for fault in ({"fault": "media_redirect", "to": "http://169.254.169.254/latest/meta-data/"},
                      {"fault": "media_redirect", "to": f"http://127.0.0.1:{stack.base + 1}/metrics"},
                      {"fault": "media_redirect", "to": "file:///etc/passwd"},
                      {"fault": "media_gone"}):
            stack.control("faults", dict(fault, network="messenger"))
            before = len(received(stack, "whatsapp"))
            say_file(stack, "messenger", "image", os.path.join(FILES, "picture.jpg"))
            wait_until(lambda: len(received(stack, "whatsapp")) > before, f"words for {fault}")
            stack.control("faults", {"clear": True})
        assert not files_on(stack, "whatsapp")
        failed = {k: v for k, v in stack.metrics("messenger").items() if "media" in k and v}
        assert any("address" in k for k in failed), failed
        say_file(stack, "messenger", "image", os.path.join(FILES, "picture.jpg"))
        wait_for_file(stack, "whatsapp")


def test_names_that_mean_harm_are_made_harmless():
    names = ["../../../etc/passwd", "..\\..\\windows\\system32\\x.exe", "n" * 4096 + ".pdf", "gpj.\u202eexe.pdf", "a\x01\x1b[31mb\n.pdf",
             "", "...", ".hidden", "con\u0000sole.pdf", "\U0001f600" * 900 + ".pdf"]
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        file = put_file(stack, os.path.join(FILES, "paper.pdf"), mime="application/pdf")
        for name in names:
            stack.control("say", {"network": "whatsapp", "person": PEOPLE["whatsapp"], "media": [
                {"kind": "file", "file": file, "name": name, "mime": "application/pdf"}]})
        wait_for_file(stack, "messenger", len(names))
        shown = [line["content"]["media"]["media"][0]["name"] for line in read_along(stack) if line["kind"] == "media"]
        assert len(shown) == len(names), shown
        for name in shown:
            assert name and len(name.encode()) <= 200 and name.strip(".") and not name.startswith("."), name
            assert "/" not in name and "\\" not in name and name.isprintable() and "\u202e" not in name, repr(name)


def test_bombs_of_json_and_ten_thousand_items_disturb_nobody():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        wide = b'{"object":"whatsapp_business_account",' + b",".join(b'"k%d":%d' % (i, i) for i in range(150_000)) + b"}"
        bombs = {"deep": b'{"entry":' * 40_000 + b"1" + b"}" * 40_000, "wide": wide, "flat": b"[" + b"0," * 1_400_000 + b"0]",
                 "long": b'{"object":"' + b"x" * 2_900_000 + b'"}', "escapes": b'{"object":"' + b"\\u0041" * 480_000 + b'"}',
                 "keys": b'{"' + b"y" * 2_900_000 + b'":1}'}
        for what, body in bombs.items():
            status, _ = post(stack, "whatsapp", body)
            assert status == 200, (what, status)
        kept = [line["content"]["unsupported"] for line in read_along(stack) if line["kind"] == "unsupported"]
        assert len(kept) == len(bombs) and all(u["reason"] for u in kept), kept
        say(stack, "whatsapp", "nothing was blown up")
        for other in ("messenger", "instagram"):
            wait_for_text(stack, other, "nothing was blown up")
        stranger = "15551230077"   # whose room is his own: what he says is to be kept, not to be sent
        message = {"from": stranger, "timestamp": "1790000001", "type": "text", "text": {"body": "."}}
        many = [dict(message, id=f"wamid.MANY{i}") for i in range(10_000)]
        body = json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {
            "messaging_product": "whatsapp", "metadata": {"phone_number_id": ACCOUNTS["whatsapp"].split("/")[1]},
            "messages": many}}]}]}, separators=(",", ":")).encode()
        published = lambda: stack.metric("gateway", "trefoil_envelopes_total", verdict="published")
        before = published()
        with ThreadPoolExecutor(1) as pool:
            posted = pool.submit(wait_until, lambda: post(stack, "whatsapp", body)[0] == 200, "ten thousand items accepted", 60)
            wait_until(lambda: published() > before, "the first of them")
            say(stack, "messenger", "meanwhile")
            for other in ("whatsapp", "instagram"):
                wait_for_text(stack, other, "meanwhile")
            posted.result()
        ids = [line["content"]["message_id"] for line in read_along(stack) if line.get("text") == "."]
        assert len(ids) == len(set(ids)) == 10_000, (len(ids), len(set(ids)))
        ok, text = stack.audit()
        assert ok, text
        assert peak_kib(stack, "whatsapp") < 256 * 1024, peak_kib(stack, "whatsapp")


def test_voice_note_is_heard_on_the_other_networks():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        say_file(stack, "whatsapp", "voice", os.path.join(FILES, "voice.ogg"))
        for other in ("messenger", "instagram"):
            shown = wait_for_file(stack, other)[0]
            converted = shutil.which("ffmpeg", path="/usr/bin") is not None
            assert shown["kind"] == "audio" if converted else shown["kind"] in ("audio", "file"), shown
            assert not converted or content_of(stack, shown["media"][0])[4:8] == b"ftyp", "Ogg is not what this network takes"
        say_file(stack, "instagram", "audio", os.path.join(FILES, "sound.m4a"))
        assert wait_for_file(stack, "whatsapp")[0]["kind"] in ("audio", "voice")


def start_bucket(stack):
    """An S3-compatible server that checks signatures; its address."""
    folder = os.path.join(TOP, "tests/blobs")
    if not shutil.which("node"):
        raise Skip("no node")
    if not os.path.isdir(os.path.join(folder, "node_modules/s3rver")):
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True, stdin=subprocess.DEVNULL)
    os.mkdir(os.path.join(stack.dir, "bucket"))
    stack.spawn("bucket", ["node", "--openssl-legacy-provider", os.path.join(folder, "server.mjs"), os.path.join(stack.dir, "bucket")])
    with_port = lambda: re.search(r"ready (\d+)", open(os.path.join(stack.dir, "log/bucket.log")).read())
    return f"http://127.0.0.1:{wait_until(with_port, 'the S3 server').group(1)}/files"


def test_files_travel_through_a_bucket_as_through_a_directory():
    with Stack() as stack:
        where = start_bucket(stack)
        for name, words in (("access", "S3RVER"), ("secret", "S3RVER")):
            path = os.path.join(stack.dir, "secrets", "bucket." + name)
            with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
                file.write(words + "\n")
        for network in PEOPLE:
            path = os.path.join(stack.dir, "config", network + ".yaml")
            with open(path) as file:
                text = re.sub(r"(?m)^blob_store: .*$", f"blob_store: {where}\nblob_access_key_file: {stack.dir}/secrets/bucket.access\n"
                              f"blob_secret_key_file: {stack.dir}/secrets/bucket.secret", file.read())
            with open(path, "w") as file:
                file.write(text)
        stack.start_all()
        room_of_three(stack)
        say_file(stack, "whatsapp", "image", os.path.join(FILES, "picture.jpg"), caption="by way of a bucket")
        for other in ("messenger", "instagram"):
            shown = wait_for_file(stack, other)[0]
            with open(os.path.join(FILES, "picture.jpg"), "rb") as file:
                assert content_of(stack, shown["media"][0]) == file.read()
        kept = [os.path.join(d, f) for d, _, files in os.walk(os.path.join(stack.dir, "bucket")) for f in files]
        assert kept and not any(b"JFIF" in open(f, "rb").read() for f in kept), "the bucket can be read"
