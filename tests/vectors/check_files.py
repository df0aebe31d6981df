#!/usr/bin/env python3
"""The second implementation of sealed files: seals those of files.json again, opens them, and refuses what must be
refused; cuts, flips and swaps chunks by itself.

    check_files.py FOLDER
"""
import hashlib
import json
import struct
import sys
from pathlib import Path

from check_vectors import Refused, blake, need, refuses, same, un
from nacl import bindings

CHUNK, MORE, LAST = 64 << 10, bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE, \
    bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL
OVERHEAD = bindings.crypto_secretstream_xchacha20poly1305_ABYTES


def plain_file(size):
    return bytes((31 * i + i // 251) & 255 for i in range(size))


def padded_size(size):
    for size_class in (256, 512, 1024, 2048, 4096):
        if size <= size_class:
            return size_class
    exponent = size.bit_length() - 1
    mask = (1 << exponent - exponent.bit_length()) - 1
    return size + mask & ~mask


def stream_of(f):
    parts = un(f["channel"]), f["ref"].encode()
    need(blake(32, "trefoil.filecom", *parts, un(f["header"]), key=un(f["key"])).hex() == f["commit"], "commit")
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    key = blake(32, "trefoil.filekey", *parts, key=un(f["key"]))
    bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, un(f["header"]), key)
    return state


def told(is_last, size):
    return struct.pack(">Q", size) if is_last else None


def seal(f):
    state, size = stream_of(f), f["size"]
    padded = plain_file(size).ljust(padded_size(size), b"\0")
    sealed = b""
    for at in range(0, len(padded), CHUNK):
        is_last = at + CHUNK >= len(padded)
        sealed += bindings.crypto_secretstream_xchacha20poly1305_push(
            state, padded[at : at + CHUNK], told(is_last, size), LAST if is_last else MORE)
    return sealed


def open_file(f, sealed):
    state, left = stream_of(f), padded_size(f["size"])
    plain = b""
    while left > 0:
        size, is_last = min(left, CHUNK), left <= CHUNK
        chunk, sealed_rest = sealed[: size + OVERHEAD], sealed[size + OVERHEAD :]
        need(len(chunk) == size + OVERHEAD, "form")
        try:
            piece, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(state, chunk, told(is_last, f["size"]))
        except Exception as error:
            raise Refused("cipher") from error
        need(tag == (LAST if is_last else MORE), "end")
        plain, sealed, left = plain + piece, sealed_rest, left - size
    need(not sealed, "form")
    need(not any(plain[f["size"] :]), "padding")
    return plain[: f["size"]]


def open_whole(f, sealed):
    plain = open_file(f, sealed)
    need(blake_plain(sealed) == f["hash"], "hash")
    return plain


def blake_plain(data):
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def check(v):
    n_refused = 0
    for f in v["files"]:
        sealed = seal(f)
        same(len(sealed), f["sealed_size"], "sealed size")
        same(blake_plain(sealed), f["hash"], "hash")
        if "sealed" in f:
            same(sealed.hex(), f["sealed"], "sealed")
        same(open_whole(f, sealed), plain_file(f["size"]), "plain")
        step = CHUNK + OVERHEAD
        for cut in {0, len(sealed) - 1, *range(step, len(sealed), step)}:
            refuses(f"cut at {cut}", None, open_whole, f, sealed[:cut])
            n_refused += 1
        for at in {0, len(sealed) - 1, *range(step, len(sealed), step)}:
            refuses(f"flip at {at}", None, open_whole, f, sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])
            n_refused += 1
        if len(sealed) > 2 * step:
            refuses("swapped", None, open_whole, f, sealed[step : 2 * step] + sealed[:step] + sealed[2 * step :])
            n_refused += 1
    for f in v["refused"]:
        refuses("file: " + f["name"], None, open_whole, f, un(f["sealed"]))
    return len(v["files"]), n_refused + len(v["refused"])


if __name__ == "__main__":
    good, refused = check(json.loads((Path(sys.argv[1]) / "files.json").read_text()))
    print(f"files: {good} derived again, {refused} refused")
