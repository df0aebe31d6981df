"""A short piece of the hostile world; tests/system/chaos runs it for as long and with as many seeds as one likes."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def test_half_a_minute_of_kills_cuts_and_faults_loses_doubles_and_disorders_nothing():
    done = subprocess.run([sys.executable, os.path.join(HERE, "chaos"), "--seed", os.environ.get("SEED", "4"), "--minutes", "0.6",
                           "--rooms", "40", "--rate", "25"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=500)
    print("\n".join(" " * 10 + line for line in done.stdout.splitlines()))
    assert done.returncode == 0, done.stdout + done.stderr
