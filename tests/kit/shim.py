"""Disk and clock of one process, in a test's hand: see shim.c. Never touches another process."""

import mmap
import os
import struct
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def build_shim(folder):
    library = os.path.join(folder, "shim.so")
    subprocess.run(["cc", "-O1", "-fPIC", "-shared", "-o", library, os.path.join(HERE, "shim.c"), "-ldl"], check=True)
    return library


class Shim:
    """`env` is for the process that is to obey."""

    def __init__(self, stack, library):
        self.path = os.path.join(stack.dir, "shim")
        with open(self.path, "wb") as file:
            file.write(b"\0" * 16)
        self.file = open(self.path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 16)
        # the sanitizer's library wants to be first, and works behind ours
        sanitizer = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))
        self.env = {"LD_PRELOAD": library, "TREFOIL_SHIM": self.path, "ASAN_OPTIONS": sanitizer}

    def order(self, clock_ms=0, fsync=0, write=0):
        self.map[:16] = struct.pack("<qii", clock_ms, fsync, write)
