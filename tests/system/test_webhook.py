"""What strangers may send to a translator's webhook, and what they get."""

import concurrent.futures
import hashlib
import hmac
import os

from people import received, room_of_three
from stack import Stack, http, wait_until
from webhooks import post, secret, sign, wa_message, wa_post


def published(stack):
    return stack.metric("gateway", "trefoil_envelopes_total", verdict="published")


def unsigned_and_forged(stack):
    return sum(stack.metric("whatsapp", "trefoil_webhooks_total", result=r) for r in ("unsigned", "forged"))


def test_same_post_five_times_at_two_replicas_makes_one_envelope_per_event():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        stack.start("whatsapp", replica=2)
        wait_until(lambda: stack.ready("whatsapp", 2), "the second replica")
        before = published(stack)
        body = wa_post([[wa_message(i, f"text {i}.") for i in range(7)]])
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda i: post(stack, "whatsapp", body, replica=1 + i % 2), range(10)))
        assert all(status == 200 for status, _ in answers), answers
        wait_until(lambda: len([t for t in received(stack, "messenger") if "text" in t]) >= 7, "7 texts on Messenger")
        assert stack.metric("gateway", "trefoil_envelopes_total", verdict="duplicate") >= 63
        assert published(stack) - before >= 7
        texts = [t for t in received(stack, "messenger") if "text" in t]
        assert sorted(t.split("text ")[1] for t in texts) == sorted(f"{i}." for i in range(7)), texts


def test_post_of_three_by_three_by_three_with_one_malformed_item_loses_nothing():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        groups = [[wa_message(9 * e + 3 * c + m, f"item {9 * e + 3 * c + m}.") for m in range(3)]
                  for e in range(3) for c in range(3)]
        body = wa_post(groups, entries=3)
        body = body.replace(b'"body": "item 13."', b'"body": "item 13.", "body": 7')   # duplicate key, wrong type
        status, reply = post(stack, "whatsapp", body)
        assert (status, reply) == (200, b"") or status == 200, (status, reply)
        wait_until(lambda: len([t for t in received(stack, "instagram") if "item" in t]) >= 26, "26 texts", 30)
        texts = [t for t in received(stack, "instagram") if "item" in t]
        numbers = sorted(int(t.split("item ")[1].rstrip(".")) for t in texts)
        assert numbers == [i for i in range(27) if i != 13], numbers
        metrics = stack.metrics("whatsapp")
        malformed = sum(v for k, v in metrics.items() if "malformed" in k)
        assert malformed == 1, {k: v for k, v in metrics.items() if "event" in k or "malformed" in k}


def test_bad_signatures_get_one_constant_empty_401_and_are_counted():
    with Stack() as stack:
        stack.start_all()
        body = wa_post([[wa_message(1)]])
        good = sign(stack, "whatsapp", body)
        bad = {
            "missing": "",
            "wrong": "sha256=" + "0" * 64,
            "truncated": good[:-1],
            "longer": good + "0",
            "uppercase algorithm": "SHA256=" + good[7:],
            "other algorithm": "sha1=" + hmac.new(secret(stack, "whatsapp"), body, hashlib.sha1).hexdigest(),
            "no algorithm": good[7:],
            "of another body": sign(stack, "whatsapp", body + b" "),
            "not hex": "sha256=" + "zz" * 32,
        }
        for what, signature in bad.items():
            assert post(stack, "whatsapp", body, signature) == (401, b""), what
        assert post(stack, "whatsapp", b"{{{ no json", "sha256=" + "0" * 64) == (401, b"")
        assert unsigned_and_forged(stack) == len(bad) + 1
        before = published(stack)
        assert post(stack, "whatsapp", body, good)[0] == 200
        assert published(stack) == before + 1


def test_body_over_three_megabytes_gets_413():
    with Stack() as stack:
        stack.start_all()
        status, _ = post(stack, "whatsapp", b"x" * (3 * 1024 * 1024 + 1))
        assert status in (413, 0), status   # 0: refused while still being sent
        assert post(stack, "whatsapp", wa_post([[wa_message(1)]]))[0] == 200


def test_signed_body_that_is_no_json_or_too_deep_is_kept_whole_and_answered_200():
    with Stack() as stack:
        stack.start_all()
        for body in (b"this is no json", b'{"object":', b"[" * 5000, b'{"a":' * 200 + b"1" + b"}" * 200, b"\xff\xfe"):
            before = published(stack)
            status, reply = post(stack, "whatsapp", body)
            assert status == 200, (body[:30], status, reply)
            assert published(stack) == before + 1, body[:30]


def test_handshake_answers_the_challenge_only_to_the_right_token():
    with Stack() as stack:
        stack.start_all()
        with open(os.path.join(stack.dir, "secrets/whatsapp.verify_token")) as file:
            token = file.read().strip()
        url = stack.webhook_url("whatsapp") + "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
        assert http("GET", url + token) == (200, b"1158201444")
        assert http("GET", url + "wrong")[0] == 403
        assert http("GET", stack.webhook_url("whatsapp"))[0] == 403
        markup = url.replace("1158201444", "%3Cscript%3E") + token
        assert http("GET", markup)[0] == 403


def test_webhook_is_answered_503_while_the_gateway_is_away_and_nothing_is_lost():
    with Stack(env={"TREFOIL_CONFIRM_WAIT_MS": "1000"}) as stack:
        stack.start_all()
        room_of_three(stack)
        stack.kill("gateway")
        body = wa_post([[wa_message(77, "while you were out")]])
        assert post(stack, "whatsapp", body)[0] == 503
        stack.again("gateway")
        stack.wait_ready()
        wait_until(lambda: post(stack, "whatsapp", body)[0] == 200, "the repeated webhook accepted")
        wait_until(lambda: [t for t in received(stack, "messenger") if "while you were out" in t], "the text on Messenger")
        assert len([t for t in received(stack, "messenger") if "while you were out" in t]) == 1
