"""Starts a system, prints the page's address, runs the command lines it is given (a JSON list each), and stops when its
standard input ends."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "kit"))

from people import room_of_three  # noqa: E402
from stack import Stack  # noqa: E402

with Stack() as stack:
    stack.start_all()
    room_of_three(stack)
    print(stack.sandbox_url("/"), flush=True)
    for line in sys.stdin:
        done = stack.cli(*json.loads(line), check=False)
        print(json.dumps({"status": done.returncode, "out": done.stdout, "error": done.stderr}), flush=True)
