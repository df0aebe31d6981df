"""Every translator as a black box: tests/conformance/run, one network after the other."""

import os
import shutil
import subprocess
import sys
import tempfile

from stack import NETWORKS, TOP

LONGEST_S = 600


def holds(network):
    done = subprocess.run([sys.executable, os.path.join(TOP, "tests/conformance/run"), network], capture_output=True,
                          text=True, timeout=LONGEST_S, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{network}:\n{done.stdout}{done.stderr}"


def test_every_network_is_what_its_testdata_and_its_record_say():
    for network in NETWORKS + ("echo",):
        holds(network)


def test_a_translator_that_does_otherwise_is_noticed():
    changes = {"text.golden": ("hello", "hallo"), "encode.golden": ("📍", "?"), "judge.golden": ('"bounced"', '"sent"')}
    for name, (old, new) in changes.items():
        with tempfile.TemporaryDirectory() as folder:
            testdata = os.path.join(folder, "testdata")
            shutil.copytree(os.path.join(TOP, "translators/echo/testdata"), testdata)
            with open(os.path.join(testdata, name), encoding="utf-8") as file:
                text = file.read()
            assert old in text.lower() or old in text, f"{name} has no {old}"
            with open(os.path.join(testdata, name), "w", encoding="utf-8") as file:
                file.write(text.replace(old, new).replace(old.capitalize(), new))
            done = subprocess.run([sys.executable, os.path.join(TOP, "tests/conformance/run"), "echo", "--testdata",
                                   testdata, "--only", "decode,encode,replies"], capture_output=True, text=True,
                                  timeout=LONGEST_S, stdin=subprocess.DEVNULL)
            assert done.returncode == 1 and "2 of 3 parts hold" in done.stdout, f"{name}:\n{done.stdout}{done.stderr}"
