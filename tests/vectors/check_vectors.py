#!/usr/bin/env python3
"""A second implementation of sealing, suite 1, that shares no line with the first: derives every value of the vectors
again and refuses what must be refused, at the step the vectors name. Hashes come from hashlib, curves and the AEAD from
PyNaCl; protobuf and raw XChaCha20 are written out here. Prints one line per kind, exits 1 at the first difference.

    check_vectors.py FOLDER
"""
import hashlib
import json
import re
import struct
import sys
from pathlib import Path

from nacl import bindings
from nacl.exceptions import CryptoError

SKEW_MS, HOUR_MS = 300_000, 3_600_000
CONTENT_MAX, HOPS_MAX, MAX_SEQ = 4 << 20, 4, 1 << 20


class Refused(Exception):
    """The step that refused."""


def need(held, step):
    if not held:
        raise Refused(step)


# --- hashes and signatures ------------------------------------------------------------------------------------------


def framed(parts):
    return b"".join(struct.pack(">I", len(p)) + p for p in parts)


def blake(size, label, *parts, key=b""):
    body = parts[0] if len(parts) == 1 else framed(parts)
    return hashlib.blake2b(body, digest_size=size, key=key, person=label.encode().ljust(16, b"\0")).digest()


def signed_message(label, *parts):
    return label.encode() + b"\0" + blake(64, label, *parts)


def signature_is_good(signature, pk, label, *parts):
    try:
        bindings.crypto_sign_open(signature + signed_message(label, *parts), pk)
        return True
    except (CryptoError, ValueError):
        return False


# --- XChaCha20, which PyNaCl has only inside an AEAD ------------------------------------------------------------------


def rotate(x, n):
    return (x << n | x >> 32 - n) & 0xFFFFFFFF


def quarter(s, a, b, c, d):
    for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = s[x] + s[y] & 0xFFFFFFFF
        s[z] = rotate(s[z] ^ s[x], n)


def rounds(key, tail):
    state = list(struct.unpack("<4I", b"expand 32-byte k") + struct.unpack("<8I", key) + struct.unpack("<4I", tail))
    s = state[:]
    for _ in range(10):
        for i in range(4):
            quarter(s, i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return state, s


def chacha_block(key, counter, nonce8):
    state, s = rounds(key, struct.pack("<Q", counter) + nonce8)
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(state, s)))


def xchacha_stream(key, nonce, size):
    _, s = rounds(key, nonce[:16])
    subkey = struct.pack("<8I", *(s[:4] + s[12:]))
    stream = b"".join(chacha_block(subkey, i, nonce[16:]) for i in range(size // 64 + 1))
    return stream[:size]


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


# --- protobuf, strictly -----------------------------------------------------------------------------------------------


def varint(data, at):
    value = 0
    for i in range(10):
        if at >= len(data):
            raise Refused("form")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << 7 * i
        if byte < 0x80:
            if (byte == 0 and i > 0) or value >= 1 << 64:
                raise Refused("form")
            return value, at
    raise Refused("form")


def fields(data):
    """(number, value) in order; numbers never go down."""
    at, last, found = 0, 0, []
    while at < len(data):
        key, at = varint(data, at)
        number, shape = key >> 3, key & 7
        need(last <= number < 1 << 29 and number > 0, "form")
        if shape == 0:
            value, at = varint(data, at)
        elif shape in (1, 2, 5):
            size = {1: 8, 5: 4}.get(shape)
            if size is None:
                size, at = varint(data, at)
            need(at + size <= len(data), "form")
            value, at = data[at : at + size], at + size
            value = value if shape == 2 else ("fixed", value)
        else:
            raise Refused("form")
        found.append((number, value))
        last = number
    return found


def message(data, shape, newer=False):
    """shape: number → (name, kind). Kinds: int, bool, bytes, [bytes]. Absent ones get their default."""
    out = {name: [] if isinstance(kind, list) else kind() for name, kind in shape.values()}
    seen = set()
    for number, value in fields(data):
        if number not in shape:
            need(newer, "form")
            continue
        name, kind = shape[number]
        if isinstance(kind, list):
            need(isinstance(value, bytes), "form")
            out[name].append(value)
            continue
        need(number not in seen, "form")
        seen.add(number)
        need(isinstance(value, bytes if kind is bytes else int), "form")
        need(kind is not bool or value <= 1, "form")
        out[name] = value
    out["present"] = {shape[n][0] for n in seen}
    return out


SIGNED = {1: ("body", bytes), 2: ("signature", bytes)}
ROSTER = {1: ("tenant", bytes), 2: ("version", int), 3: ("previous_hash", bytes), 4: ("not_before_ms", int),
          5: ("not_after_ms", int), 6: ("services", [bytes]), 7: ("channels", [bytes])}
SERVICE = {1: ("id", bytes), 2: ("name", bytes), 3: ("role", int), 4: ("identity_pk", bytes),
           5: ("transport_pks", [bytes]), 6: ("accounts", [bytes]), 7: ("void_before_ms", int)}
CHANNEL = {1: ("id", bytes), 2: ("name", bytes), 3: ("writers", [bytes]), 4: ("readers", [bytes]),
           5: ("retention_ms", int), 6: ("history_allowed", bool)}
WRAP_KEY = {1: ("tenant", bytes), 2: ("service", bytes), 3: ("generation", int), 4: ("pk", bytes),
            5: ("not_before_ms", int), 6: ("not_after_ms", int)}
GRANT = {1: ("body", bytes), 2: ("key_commit", bytes), 3: ("identity_signature", bytes), 4: ("session_signature", bytes)}
GRANT_BODY = {1: ("tenant", bytes), 2: ("channel", bytes), 3: ("service", bytes), 4: ("replica", bytes),
              5: ("roster_version", int), 6: ("roster_hash", bytes), 7: ("not_before_ms", int), 8: ("not_after_ms", int),
              9: ("max_seq", int), 10: ("session_pk", bytes), 11: ("wraps", [bytes])}
WRAP = {1: ("service", bytes), 2: ("generation", int), 3: ("sealed_share", bytes)}
ENVELOPE = {1: ("header", bytes), 2: ("salt", bytes), 3: ("commit", bytes), 4: ("sealed", bytes), 5: ("signature", bytes)}
HEADER = {1: ("id", bytes), 2: ("channel", bytes), 3: ("audience", int), 4: ("class", int), 5: ("account", bytes),
          6: ("from", bytes), 7: ("ref", bytes), 8: ("relates", [bytes]), 9: ("relates_id", [bytes]), 10: ("room", bytes),
          11: ("echo", bool), 12: ("resolves", bytes), 13: ("watermark_ms", int), 14: ("key_id", bytes), 15: ("seq", int),
          16: ("created_ms", int), 17: ("expires_ms", int), 18: ("hops", int),
          19: ("lane", int), 20: ("opens_window_ms", int), 21: ("consent", int), 22: ("alias", [bytes])}
CLAIMS = {1: ("id", bytes), 2: ("channel", bytes), 3: ("service", bytes), 4: ("account", bytes)}


def sizes(of, **expected):
    for name, size in expected.items():
        need(len(of[name]) == size, "form")


# --- rosters and wrap keys --------------------------------------------------------------------------------------------


def unique(things):
    things = list(things)
    need(len(set(things)) == len(things), "form")


def open_roster(signed, root_pk):
    outer = message(signed, SIGNED)
    sizes(outer, signature=64)
    need(signature_is_good(outer["signature"], root_pk, "trefoil.roster", outer["body"]), "signature")
    roster = message(outer["body"], ROSTER)
    sizes(roster, tenant=16)
    need(roster["version"] > 0 and roster["not_before_ms"] < roster["not_after_ms"], "form")
    need(len(roster["previous_hash"]) == (0 if roster["version"] == 1 else 32), "form")
    roster["services"] = [message(s, SERVICE) for s in roster["services"]]
    roster["channels"] = [message(c, CHANNEL) for c in roster["channels"]]
    need(len(roster["services"]) <= 256 and len(roster["channels"]) <= 64, "form")
    for s in roster["services"]:
        sizes(s, id=16, identity_pk=32)
        need(re.fullmatch(rb"[a-z0-9._-]{1,64}", s["name"]) and s["role"] <= 31, "form")
        need(all(len(k) == 32 for k in s["transport_pks"]) and len(s["transport_pks"]) <= 32, "form")
        need(all(re.fullmatch(rb"[a-z0-9._-]{1,64}/[!-~]+", a) and len(a) <= 128 for a in s["accounts"]), "form")
        need(len(s["accounts"]) <= 256, "form")
    for c in roster["channels"]:
        sizes(c, id=16)
        need(re.fullmatch(rb"[a-z0-9._-]{1,64}", c["name"]), "form")
        known = {s["id"] for s in roster["services"]}
        for members in (c["writers"], c["readers"]):
            unique(members)
            need(set(members) <= known, "form")
    for name in ("id", "name", "identity_pk"):
        unique(s[name] for s in roster["services"])
    unique(k for s in roster["services"] for k in s["transport_pks"])
    unique(a for s in roster["services"] for a in s["accounts"])
    unique(c["id"] for c in roster["channels"])
    unique(c["name"] for c in roster["channels"])
    roster["hash"] = blake(32, "trefoil.roshash", outer["body"])
    return roster


def by_id(things, wanted, step):
    for thing in things:
        if thing["id"] == wanted:
            return thing
    raise Refused(step)


def open_wrap_key(signed, roster):
    outer = message(signed, SIGNED)
    sizes(outer, signature=64)
    key = message(outer["body"], WRAP_KEY)
    sizes(key, tenant=16, service=16, pk=32)
    need(key["generation"] > 0 and key["not_before_ms"] < key["not_after_ms"], "form")
    service = by_id(roster["services"], key["service"], "roster")
    need(key["tenant"] == roster["tenant"] and key["not_before_ms"] >= service["void_before_ms"], "roster")
    need(signature_is_good(outer["signature"], service["identity_pk"], "trefoil.wrapkey", outer["body"]), "signature")
    try:
        bindings.crypto_scalarmult(b"\x09" + bytes(31), key["pk"])
    except (CryptoError, RuntimeError):
        raise Refused("small order") from None
    return key


# --- grants -----------------------------------------------------------------------------------------------------------


def parse_grant(data):
    try:
        need(len(data) <= 64 << 10, "form")
        grant = message(data, GRANT)
        sizes(grant, key_commit=32, identity_signature=64, session_signature=64)
        body = message(grant["body"], GRANT_BODY)
        sizes(body, tenant=16, channel=16, service=16, replica=8, roster_hash=32, session_pk=32)
        need(body["roster_version"] > 0 and 0 < body["max_seq"] <= MAX_SEQ, "form")
        need(0 < body["not_after_ms"] - body["not_before_ms"] <= HOUR_MS, "form")
        body["wraps"] = [message(w, WRAP) for w in body["wraps"]]
        need(0 < len(body["wraps"]) <= 256, "form")
        for wrap in body["wraps"]:
            sizes(wrap, service=16, sealed_share=80)
            need(0 < wrap["generation"] < 1 << 32, "form")
        order = [(w["service"], w["generation"]) for w in body["wraps"]]
        need(order == sorted(set(order)), "form")
    except Refused:
        raise Refused("parse") from None
    body.update(commit=grant["key_commit"], signatures=(grant["identity_signature"], grant["session_signature"]),
                bytes=grant["body"], hash=blake(32, "trefoil.grant", grant["body"]),
                key_id=blake(16, "trefoil.keyid", grant["body"], grant["key_commit"]))
    return body


def check_grant(grant, roster):
    need(grant["tenant"] == roster["tenant"], "check")
    need(grant["roster_version"] == roster["version"] and grant["roster_hash"] == roster["hash"], "check")
    channel = by_id(roster["channels"], grant["channel"], "check")
    sender = by_id(roster["services"], grant["service"], "check")
    need(sender["id"] in channel["writers"] and grant["not_before_ms"] >= sender["void_before_ms"], "check")
    need(all(w["service"] in channel["readers"] for w in grant["wraps"]), "check")
    parts = (grant["bytes"], grant["commit"])
    need(signature_is_good(grant["signatures"][0], sender["identity_pk"], "trefoil.grantid", *parts), "check")
    need(signature_is_good(grant["signatures"][1], grant["session_pk"], "trefoil.grantses", *parts), "check")
    return sender


def open_grant(grant, service, secrets):
    """secrets: generation → X25519 secret."""
    for wrap in grant["wraps"]:
        if wrap["service"] != service or wrap["generation"] not in secrets:
            continue
        sk = secrets[wrap["generation"]]
        try:
            share = bindings.crypto_box_seal_open(wrap["sealed_share"], bindings.crypto_scalarmult_base(sk), sk)
        except CryptoError:
            raise Refused("open") from None
        k_send = blake(32, "trefoil.sendkey", grant["hash"], key=share)
        need(blake(32, "trefoil.sendcom", grant["hash"], key=k_send) == grant["commit"], "open")
        return k_send
    raise Refused("open")


# --- envelopes --------------------------------------------------------------------------------------------------------


def padded_size(content_size):
    size = content_size + 4
    for size_class in (256, 512, 1024, 2048, 4096):
        if size <= size_class:
            return size_class
    exponent = size.bit_length() - 1
    mask = (1 << exponent - exponent.bit_length()) - 1
    return size + mask & ~mask


def pad(content):
    return (struct.pack(">I", len(content)) + content).ljust(padded_size(len(content)), b"\0")


def unpad(padded):
    need(len(padded) >= 4, "padding")
    size = struct.unpack(">I", padded[:4])[0]
    need(size <= CONTENT_MAX and padded == pad(padded[4 : 4 + size]) and len(padded[4:]) >= size, "padding")
    return padded[4 : 4 + size]


def is_token(data):
    return 49 <= len(data) <= 1041 and (len(data) - 17) % 32 == 0


def parse_header(data):
    need(0 < len(data) <= 8 << 10, "form")
    header = message(data, HEADER, newer=True)
    sizes(header, id=16, channel=16, key_id=16)
    need(1 <= header["audience"] <= 3 and 1 <= header["class"] <= 2 and header["seq"] > 0, "form")
    need(len(header["account"]) <= 128 and len(header["room"]) in (0, 16) and header["hops"] <= HOPS_MAX, "form")
    try:
        header["account"].decode()
    except UnicodeDecodeError:
        raise Refused("form") from None
    need(all(not header[n] or is_token(header[n]) for n in ("from", "ref")), "form")
    need(all(map(is_token, header["relates"])) and all(len(i) == 16 for i in header["relates_id"]), "form")
    need(len(header["relates"]) <= 64 and len(header["relates_id"]) <= 64, "form")
    need(header["lane"] <= 1 and header["consent"] <= 2 and len(header["alias"]) <= 4, "form")
    need(all(map(is_token, header["alias"])) and (header["from"] or not header["alias"]), "form")
    if header["resolves"]:
        message(header["resolves"], {1: ("seq", int), 2: ("target", int)}, newer=True)
    return header


def envelope_keys(k_send, header, salt):
    okm = blake(64, "trefoil.envkey", header, salt, key=k_send)
    return okm[:32], okm[32:]


def open_envelope(data, channel, grants):
    """grants: key id → (grant, sender, k_send)."""
    need(len(data) <= 5 << 20, "form")
    envelope = message(data, ENVELOPE)
    sizes(envelope, salt=32, commit=32, signature=64)
    need(len(envelope["sealed"]) >= 272, "form")
    header = parse_header(envelope["header"])
    need(header["channel"] == channel, "channel")
    need(header["key_id"] in grants, "grant")
    grant, sender, k_send = grants[header["key_id"]]
    need(grant["channel"] == channel, "sender")
    need(grant["not_before_ms"] - SKEW_MS <= header["created_ms"] <= grant["not_after_ms"] + SKEW_MS, "window")
    need(header["seq"] <= grant["max_seq"], "window")
    parts = (envelope["header"], envelope["salt"], envelope["commit"], envelope["sealed"])
    need(signature_is_good(envelope["signature"], grant["session_pk"], "trefoil.envsig", *parts), "signature")
    key, commit = envelope_keys(k_send, envelope["header"], envelope["salt"])
    need(commit == envelope["commit"], "commit")
    try:
        padded = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(envelope["sealed"], framed(parts[:3]),
                                                                     envelope["salt"][:24], key)
    except CryptoError:
        raise Refused("cipher") from None
    content = unpad(padded)
    try:
        first = fields(content)[0]
        need(first[0] == 1 and isinstance(first[1], bytes), "content")
        claims = message(first[1], CLAIMS)
    except (Refused, IndexError):
        raise Refused("content") from None
    expected = (header["id"], header["channel"], sender["name"], header["account"])
    need((claims["id"], claims["channel"], claims["service"], claims["account"]) == expected, "claims")
    return envelope, header, content, k_send


# --- tokens -----------------------------------------------------------------------------------------------------------


def token_keys(key, channel, generation):
    parts = (channel, bytes([generation]))
    return blake(32, "trefoil.tokmac", *parts, key=key), blake(32, "trefoil.tokenc", *parts, key=key)


def token_seal(keys, channel, generation, account, kind, value):
    plain = struct.pack(">BH", kind, len(value)) + value
    plain = plain.ljust(-(-len(plain) // 32) * 32, b"\0")
    iv = blake(16, "trefoil.token1", channel, account, plain, key=keys[0])
    return bytes([generation]) + iv + xor(plain, xchacha_stream(keys[1], iv + bytes(8), len(plain)))


def token_open(keys, channel, generation, account, token):
    need(is_token(token) and token[0] == generation, "form")
    iv, sealed = token[1:17], token[17:]
    plain = xor(sealed, xchacha_stream(keys[1], iv + bytes(8), len(sealed)))
    need(iv == blake(16, "trefoil.token1", channel, account, plain, key=keys[0]), "iv")
    kind, size = struct.unpack(">BH", plain[:3])
    need(1 <= kind <= 3 and 0 < size and -(-(size + 3) // 32) * 32 == len(plain), "form")
    return kind, plain[3 : 3 + size]


# --- personal parts ---------------------------------------------------------------------------------------------------


def open_personal(key, generation, channel, envelope_id, sealed):
    need(len(sealed) > 41 and sealed[0] == generation, "form")
    key = blake(32, "trefoil.private", channel, bytes([generation]), key=key)
    try:
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed[25:], envelope_id + channel, sealed[1:25], key)
    except CryptoError:
        raise Refused("cipher") from None


# --- one ciphertext, two keys -----------------------------------------------------------------------------------------


def poly_parts(key, nonce):
    """Poly1305's r and s as the AEAD takes them."""
    _, s = rounds(key, nonce[:16])
    block = chacha_block_ietf(struct.pack("<8I", *(s[:4] + s[12:])), 0, bytes(4) + nonce[16:])
    r = int.from_bytes(block[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    return r, int.from_bytes(block[16:32], "little")


def chacha_block_ietf(key, counter, nonce12):
    state, s = rounds(key, struct.pack("<I", counter) + nonce12)
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(state, s)))


def salamander(keys, nonce, aad, blocks):
    """A ciphertext of `blocks` 16-byte blocks with a tag that is good under both keys: the last two blocks solve two
    linear equations modulo 2^130 - 5, one per key; other first blocks are tried until both fit 128 bits."""
    p, high = (1 << 130) - 5, 1 << 128
    tail = struct.pack("<QQ", len(aad), 16 * blocks)
    front = aad + bytes(-len(aad) % 16)
    parts = [poly_parts(k, nonce) for k in keys]
    tag = 1 << 64

    def absorb(h, r, data):
        for i in range(0, len(data), 16):
            h = (h + int.from_bytes(data[i : i + 16], "little") + high) * r % p
        return h

    for attempt in range(1000):
        body = attempt.to_bytes(16, "little") * (blocks - 2)
        rows = []
        for r, s in parts:
            want = (tag - s) % high
            start = absorb(absorb(0, r, front), r, body)
            # ((((start + x) r + y) r) + tail) r = want, where x and y carry their high bit
            end = int.from_bytes(tail, "little") + high
            rows.append((pow(r, 3, p), pow(r, 2, p), (want - start * pow(r, 3, p) - end * r) % p))
        (a, b, e), (c, d, f) = rows
        inverse = pow(a * d - b * c, -1, p)
        x, y = (e * d - b * f) * inverse % p - high, (a * f - e * c) * inverse % p - high
        if 0 <= x < high and 0 <= y < high:
            return body + x.to_bytes(16, "little") + y.to_bytes(16, "little") + tag.to_bytes(16, "little")
    raise AssertionError("no salamander in a thousand attempts")


# --- the vectors ------------------------------------------------------------------------------------------------------


def un(text):
    return bytes.fromhex(text)


def same(a, b, what):
    if a != b:
        sys.exit(f"DIFFERS {what}: {a!r} is not {b!r}")


def refuses(what, step, function, *arguments):
    try:
        function(*arguments)
    except Refused as refused:
        if step is not None:
            same(str(refused), step, f"{what}: step")
        return
    sys.exit(f"ACCEPTED {what}")


def check_hashes(v):
    for label in v["labels"]:
        same(9 <= len(label) <= 16, True, label)
    same(len(set(v["labels"])), len(v["labels"]), "unique labels")
    for h in v["hashes"]:
        same(blake(len(un(h["hash"])), h["label"], *map(un, h["parts"]), key=un(h["key"])).hex(), h["hash"], h["name"])
    for s in v["signatures"]:
        text = signed_message(s["label"], *map(un, s["parts"]))
        same(text.hex(), s["message"], s["name"])
        pk, sk = bindings.crypto_sign_seed_keypair(un(s["seed"]))
        same(pk.hex(), s["pk"], s["name"])
        same(bindings.crypto_sign(text, sk)[:64].hex(), s["signature"], s["name"])
    return len(v["hashes"]) + len(v["signatures"]), 0


def check_padding(v):
    for s in v["sizes"]:
        same(padded_size(s["content_size"]), s["padded_size"], f"padded size of {s['content_size']}")
    for s in v["padded"]:
        same(pad(un(s["content"])).hex(), s["padded"], s["name"])
        same(unpad(un(s["padded"])).hex(), s["content"], s["name"])
    for s in v["refused"]:
        refuses("padding: " + s["name"], "padding", unpad, un(s["padded"]))
    return len(v["sizes"]) + len(v["padded"]), len(v["refused"])


def check_tokens(v):
    flips = 0
    for t in v["tokens"]:
        channel, account, generation = un(t["channel"]), un(t["account"]), t["generation"]
        keys = token_keys(un(t["key"]), channel, generation)
        same((keys[0].hex(), keys[1].hex()), (t["k_mac"], t["k_enc"]), "token keys")
        token = token_seal(keys, channel, generation, account, t["kind"], un(t["value"]))
        same(token.hex(), t["token"], "token")
        same(token_open(keys, channel, generation, account, token), (t["kind"], un(t["value"])), "opened token")
        for size in range(len(token)):
            refuses("short token", None, token_open, keys, channel, generation, account, token[:size])
        for bit in range(0, 8 * len(token), 3):
            flipped = bytearray(token)
            flipped[bit // 8] ^= 1 << bit % 8
            refuses(f"token bit {bit}", None, token_open, keys, channel, generation, account, bytes(flipped))
            flips += 1
    for e in v["event_ids"]:
        event_id = blake(16, "trefoil.eventid", un(e["account"]), un(e["event"]), key=un(e["event_key"]))
        same(event_id.hex(), e["id"], "event id")
    for t in v["refused"]:
        keys = token_keys(un(t["key"]), un(t["channel"]), t["generation"])
        refuses("token: " + t["name"], None, token_open, keys, un(t["channel"]), t["generation"], un(t["account"]),
                un(t["token"]))
    return len(v["tokens"]) + len(v["event_ids"]), len(v["refused"]) + flips


def check_personal(v):
    flips = 0
    for p in v["personal"]:
        place = un(p["key"]), p["generation"], un(p["channel"]), un(p["envelope_id"])
        sealed = un(p["sealed"])
        derived = blake(32, "trefoil.private", place[2], bytes([place[1]]), key=place[0])
        same(derived.hex(), p["k_private"], "key of personal parts")
        same(open_personal(*place, sealed).hex(), p["plain"], "personal part")
        refuses("another envelope's personal part", "cipher", open_personal, *place[:3], bytes(16), sealed)
        for size in range(len(sealed)):
            refuses("short personal part", None, open_personal, *place, sealed[:size])
        for bit in range(8 * len(sealed)):
            flipped = bytearray(sealed)
            flipped[bit // 8] ^= 1 << bit % 8
            refuses(f"personal part bit {bit}", None, open_personal, *place, bytes(flipped))
            flips += 1
    return len(v["personal"]), 1 + flips


def plain(value):
    """As JSON would have it, with names as text."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def same_members(ours, theirs, names, what):
    for name in names:
        mine = ours[name]
        if name in ("name", "accounts"):
            mine = mine.decode() if name == "name" else [a.decode() for a in mine]
        same(bool(mine) if name == "history_allowed" else plain(mine), theirs[name], f"{what} {name}")


def check_rosters(v):
    root_pk, count, flips = un(v["root_pk"]), 0, 0
    same(bindings.crypto_sign_seed_keypair(un(v["root_seed"]))[0], root_pk, "root")
    before = None
    for r in v["rosters"]:
        roster = open_roster(un(r["signed"]), root_pk)
        same_members(roster, r, ("hash", "tenant", "version", "previous_hash", "not_before_ms", "not_after_ms"), "roster")
        for ours, theirs in zip(roster["services"], r["services"], strict=True):
            same_members(ours, theirs, [name for name, _ in SERVICE.values()], "service")
        for ours, theirs in zip(roster["channels"], r["channels"], strict=True):
            same_members(ours, theirs, [name for name, _ in CHANNEL.values()], "channel")
        if before:
            same(roster["previous_hash"], before["hash"], "chain")
        before = roster
        count += 1
    first = open_roster(un(v["rosters"][0]["signed"]), root_pk)
    for w in v["wrap_keys"]:
        key = open_wrap_key(un(w["signed"]), first)
        same((key["service"].hex(), key["generation"], key["pk"].hex()), (w["service"], w["generation"], w["pk"]), "wrap")
        count += 1
    for r in v["refused"]:
        refuses("roster: " + r["name"], None, open_roster, un(r["signed"]), root_pk)
    for r in v["refused_wrap_keys"]:
        refuses("wrap key: " + r["name"], None, open_wrap_key, un(r["signed"]), first)
    signed = un(v["rosters"][0]["signed"])
    for bit in range(0, 8 * len(signed), 7):
        flipped = bytearray(signed)
        flipped[bit // 8] ^= 1 << bit % 8
        refuses(f"roster bit {bit}", None, open_roster, bytes(flipped), root_pk)
        flips += 1
    return count, len(v["refused"]) + len(v["refused_wrap_keys"]) + flips


def check_grants(v):
    roster = open_roster(un(v["roster"]), un(v["root_pk"]))
    readers = {r["name"]: (un(r["service"]), dict(enumerate(map(un, r["wrap_secrets"]), 1))) for r in v["readers"]}
    flips = 0

    def whole(data, reader):
        grant = parse_grant(data)
        check_grant(grant, roster)
        return grant, open_grant(grant, *readers[reader])

    for g in v["grants"]:
        data = un(g["grant"])
        for name in ("whatsapp", "bot", "crm"):
            grant, k_send = whole(data, name)
            same(k_send.hex(), g["k_send"], "K_send")
        same(grant["hash"].hex(), g["body_hash"], "body hash")
        same(grant["commit"].hex(), g["key_commit"], "key_commit")
        same(grant["key_id"].hex(), g["key_id"], "key id")
        same(len(grant["wraps"]), g["n_wraps"], "wraps")
        refuses("a stranger", "open", whole, data, "stranger")
        for bit in range(0, 8 * len(data), 5):
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << bit % 8
            refuses(f"grant bit {bit}", None, whole, bytes(flipped), "bot")
            flips += 1
        for size in range(len(data)):
            refuses(f"grant of {size} bytes", "parse", whole, data[:size], "bot")
    for g in v["refused"]:
        refuses("grant: " + g["name"], g["step"], whole, un(g["grant"]), "bot")
    return len(v["grants"]), len(v["refused"]) + flips


def check_envelopes(v):
    roster, channel = open_roster(un(v["roster"]), un(v["root_pk"])), un(v["channel"])
    grants, flips = {}, 0
    for data in map(un, v["grants"]):
        grant = parse_grant(data)
        grants[grant["key_id"]] = (grant, check_grant(grant, roster),
                                   open_grant(grant, un(v["reader"]), {2: un(v["wrap_secret"])}))
    for e in v["envelopes"]:
        envelope, _, content, k_send = open_envelope(un(e["envelope"]), channel, grants)
        same(content.hex(), e["content"], e["name"])
        same(envelope["header"].hex(), e["header"], e["name"])
        salt = blake(32, "trefoil.salt1", un(e["fresh"]), envelope["header"], pad(content), key=k_send)
        same((salt.hex(), envelope["salt"].hex()), (e["salt"], e["salt"]), "salt")
        key, commit = envelope_keys(k_send, envelope["header"], salt)
        same((commit.hex(), envelope["commit"].hex()), (e["commit"], e["commit"]), "commit")
        sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            pad(content), framed((envelope["header"], salt, commit)), salt[:24], key)
        same(sealed.hex(), envelope["sealed"].hex(), "sealed")
    data = un(v["envelopes"][0]["envelope"])
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        refuses(f"envelope bit {bit}", None, open_envelope, bytes(flipped), channel, grants)
        flips += 1
    for size in range(len(data)):
        refuses(f"envelope of {size} bytes", "form", open_envelope, data[:size], channel, grants)
    for e in v["refused"]:
        refuses("envelope: " + e["name"], e["step"], open_envelope, un(e["envelope"]), channel, grants)
    check_salamander(envelope["header"])
    return len(v["envelopes"]), len(v["refused"]) + flips + 1


def check_salamander(header):
    """What the commitment is for: the AEAD alone lets one ciphertext be two messages."""
    salt = blake(32, "trefoil.salt1", b"salamander")
    (key1, commit1), (key2, commit2) = (envelope_keys(bytes([i]) * 32, header, salt) for i in (1, 2))
    aad = framed((header, salt, commit1))
    sealed = salamander((key1, key2), salt[:24], aad, 16)
    texts = [bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, aad, salt[:24], key) for key in (key1, key2)]
    same(texts[0] != texts[1], True, "a salamander has two meanings")
    same(commit1 != commit2, True, "and only one commitment")


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    for kind, check in (("hashes", check_hashes), ("padding", check_padding), ("tokens", check_tokens),
                        ("personal", check_personal),
                        ("rosters", check_rosters), ("grants", check_grants), ("envelopes", check_envelopes)):
        good, refused = check(json.loads((folder / f"{kind}.json").read_text()))
        print(f"{kind}: {good} derived again, {refused} refused")


if __name__ == "__main__":
    main()
