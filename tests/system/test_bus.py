"""What a peer on the bus may not do, and that nobody else notices when it does."""

import os

import zmq

from bus import CONFIRM, ERROR, HELLO, PUBLISH, WELCOME, Peer, field, fields, first
from people import room_of_three, say, wait_for_text
from stack import Stack, http

MALFORMED, VERSION, TOO_LARGE, OUT_OF_ORDER = 1, 2, 4, 5


def still_works(stack, text):
    say(stack, "whatsapp", text)
    wait_for_text(stack, "messenger", text)


def test_unknown_peer_key_never_gets_past_zap():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        with Peer(stack, keys=zmq.curve_keypair()) as stranger:
            stranger.hello()
            assert stranger.receive(1500) is None, "a stranger was answered"
        with Peer(stack) as known:
            known.hello()
            assert known.wait_for(WELCOME), "a member of the roster is welcome"
        assert stack.metric("gateway", "trefoil_zap_refused_total") >= 1
        still_works(stack, "after the stranger")


def test_breaking_the_protocol_gets_one_typed_error_and_disturbs_nobody():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        cases = {
            "garbage": ([os.urandom(200)], MALFORMED),
            "empty frame": ([b""], MALFORMED),
            "publish before hello": ([field(PUBLISH, field(1, 1))], OUT_OF_ORDER),
            "unknown version": ([field(HELLO, field(1, 99) + field(2, 99) + field(3, "echo-bot") + field(4, os.urandom(8)))], VERSION),
            "half a protobuf": ([field(HELLO, b"\x0a\xff\xff\xff\x7f")], MALFORMED),
        }
        for what, (frames, code) in cases.items():
            with Peer(stack) as peer:
                for frame in frames:
                    peer.send(frame)
                error = peer.wait_for(ERROR)
                assert error is not None, f"{what}: no error"
                assert first(error, 1, 0) == code, (what, fields(error))
        with Peer(stack) as peer:
            peer.hello()
            assert peer.wait_for(WELCOME)
            for _ in range(3):
                peer.send(os.urandom(64))
            assert peer.wait_for(ERROR) is not None
        with Peer(stack) as peer:   # larger than the transport takes: cut off, nothing allocated
            peer.hello()
            assert peer.wait_for(WELCOME)
            peer.send(b"\0" * (64 << 20))
        still_works(stack, "after all that")
        assert http("GET", stack.admin_url("gateway") + "/healthz")[0] == 200


def test_peer_that_claims_another_services_name_is_refused():
    with Stack() as stack:
        stack.start_all()
        with Peer(stack, "echo-bot") as peer:
            peer.hello("whatsapp")
            error = peer.wait_for(ERROR)
            assert error is not None and peer.receive(300) is None


def test_envelopes_that_are_none_or_of_another_channel_or_account_get_a_typed_reject():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        channel = os.urandom(16)
        header = lambda **change: b"".join((
            field(1, os.urandom(16)), field(2, change.get("channel", channel)), field(3, 1), field(4, 1),
            field(5, change["account"]) if "account" in change else b"",
            field(14, os.urandom(16)), field(15, 1), field(16, 1790000000000)))
        envelope = lambda head: field(1, head) + field(2, os.urandom(32)) + field(3, os.urandom(32)) + field(4, os.urandom(272)) + field(5, os.urandom(64))
        bad = [b"no envelope", envelope(header()), envelope(header(account="whatsapp/106540000000002")), envelope(b"")]
        with Peer(stack) as peer:
            peer.hello()
            assert peer.wait_for(WELCOME)
            peer.send(field(PUBLISH, field(1, 1) + b"".join(field(2, e) for e in bad)))
            refused = {}
            while len(refused) < len(bad):
                confirm = peer.wait_for(CONFIRM)
                assert confirm is not None, f"only {refused} of {len(bad)} answered"
                for number, value in fields(confirm):
                    assert number == 3, "something was accepted"
                    refused[first(value, 1, 0)] = (first(value, 2, 0), first(value, 3))
            assert set(refused) == {1, 2, 3, 4}, refused
            assert all(reason > 0 and text for reason, text in refused.values()), refused
        still_works(stack, "after the rejects")
