#!/usr/bin/env python3
"""Runs the system tests: real processes, real sockets, real kills.

  tests/system/run.py                 all of them
  tests/system/run.py kill webhook    those whose file or name contains a word
  KEEP=1 keeps the files of systems that passed, too.
"""

import importlib.util
import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "kit"))

from stack import Skip  # noqa: E402


def main():
    words = sys.argv[1:]
    passed = failed = skipped = 0
    for file in sorted(f for f in os.listdir(HERE) if f.startswith("test_") and f.endswith(".py")):
        spec = importlib.util.spec_from_file_location(file[:-3], os.path.join(HERE, file))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for name, test in list(vars(module).items()):
            if not name.startswith("test_") or (words and not any(w in file or w in name for w in words)):
                continue
            began = time.monotonic()
            print(f"{file[5:-3]:10} {name[5:].replace('_', ' ')} …", flush=True)
            try:
                test()
                passed += 1
                print(f"{'':10} ok ({time.monotonic() - began:.1f} s)", flush=True)
            except Skip as reason:
                skipped += 1
                print(f"{'':10} SKIPPED: {reason}", flush=True)
            except Exception:  # every failure is told, then the next test runs
                failed += 1
                traceback.print_exc()
                print(f"{'':10} FAILED ({time.monotonic() - began:.1f} s): {name}", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or passed + skipped == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
