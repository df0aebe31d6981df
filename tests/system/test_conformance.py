"""Every translator as a black box: tests/conformance/run, one network after the other."""

import os
import subprocess
import sys

from stack import NETWORKS, TOP

LONGEST_S = 180


def holds(network):
    done = subprocess.run([sys.executable, os.path.join(TOP, "tests/conformance/run"), network], capture_output=True,
                          text=True, timeout=LONGEST_S, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{network}:\n{done.stdout}{done.stderr}"


def test_every_network_is_what_its_testdata_and_its_record_say():
    for network in NETWORKS + ("echo",):
        holds(network)
