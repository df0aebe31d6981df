#!/usr/bin/env python3
"""Every sample of a folder of documented ones is in a map's testdata: a send call, an answer, a profile as it is, byte for
byte; an event inside a whole webhook, beside the golden it becomes.

usage: kept.py FOLDER_OF_SAMPLES FOLDER_OF_TRANSLATORS
Exits 77 when there is no such folder of samples: there is nothing to compare with then.
"""

import glob
import os
import sys

AS_IT_IS = (".request", ".reply", ".json")


def kept(name, sample, translators):
    """None, or what is wrong."""
    files = glob.glob(os.path.join(translators, "*", "testdata", glob.escape(name) + ".*"))
    for path in files:
        with open(path, "rb") as file:
            body = file.read()
        if path.endswith(AS_IT_IS) and body.strip() == sample:
            return None
        if path.endswith(".webhook") and sample in body:
            golden = path[:-len(".webhook")] + ".golden"
            return None if os.path.exists(golden) else "no golden beside it"
    return "kept otherwise" if files else "not kept"


def main(samples, translators):
    if not os.path.isdir(samples):
        sys.exit(77)
    names = sorted(n[:-len(".json")] for n in os.listdir(samples) if n.endswith(".json"))
    faults = 0
    for name in names:
        with open(os.path.join(samples, name + ".json"), "rb") as file:
            fault = kept(name, file.read().strip(), translators)
        if fault:
            faults += 1
            print(f"{name}: {fault}")
    print(f"{len(names) - faults} of {len(names)} samples are kept")
    return 1 if faults or not names else 0


sys.exit(main(*sys.argv[1:3]))
