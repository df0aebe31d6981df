"""A first start that is interrupted is continued by the next; two of them do not take each other's folder."""

import json
import os
import shutil
import subprocess

from stack import Stack, TOP, wait_until


def script(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write("#!/usr/bin/env bash\n" + text)
    os.chmod(path, 0o755)
    return os.path.dirname(path)


def run(stack, *command):
    env = dict(stack.env, TREFOIL_KEYRING=os.path.join(stack.dir, "trust/keys/admin.keyring"),
               TREFOIL_GATEWAY=f"tcp://127.0.0.1:{stack.base}")
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, env=env)


def test_keys_that_were_interrupted_are_made_by_the_next_start():
    with Stack() as stack:
        trefoil = os.path.join(stack.bin, "trefoil")
        cases = {"half": 'mkdir -p "$2/keys"; echo x >"$2/root.key"; exit 1\n', "whole": f'"{trefoil}" "$@"; exit 1\n'}
        for name, text in cases.items():
            dir = os.path.join(stack.dir, name)
            broken = script(os.path.join(stack.dir, "bin-" + name, "trefoil"), text)
            make = (os.path.join(TOP, "deploy/make-stack"), dir, str(stack.base))
            done = run(stack, *make, broken)
            assert done.returncode != 0 and not os.path.exists(os.path.join(dir, "made")), done
            done = run(stack, *make, stack.bin)
            assert done.returncode == 0 and os.path.exists(os.path.join(dir, "made")), done
            shown = run(stack, trefoil, "roster", "show", "--dir", os.path.join(dir, "trust"))
            assert "roster version 1" in shown.stdout, shown
            root = open(os.path.join(dir, "trust/root.pub")).read().strip()
            assert root in open(os.path.join(dir, "config/gateway.yaml")).read(), "configured for another root"


def test_room_that_was_interrupted_is_filled_by_the_next_start():
    with Stack() as stack:
        stack.start("gateway")
        wait_until(lambda: stack.ready("gateway"), "gateway ready", 20)
        trefoil = os.path.join(stack.bin, "trefoil")
        broken = script(os.path.join(stack.dir, "bin-broken", "trefoil"),
                        f'case "$*" in *messenger*) exit 1 ;; esac\nexec "{trefoil}" "$@"\n')
        make = (os.path.join(TOP, "deploy/make-room"), stack.dir)
        done = run(stack, *make, broken)
        assert done.returncode != 0 and not os.path.exists(os.path.join(stack.dir, "room")), done
        done = run(stack, *make, stack.bin)
        assert done.returncode == 0, done
        rooms = [json.loads(line) for line in stack.cli("room", "list", "--json").stdout.splitlines()]
        named = [room for room in rooms if room["name"] == "Trefoil"]
        assert len(named) == 1 and len(named[0]["members"]) == 3, rooms
        assert open(os.path.join(stack.dir, "room")).read().strip() == named[0]["room"]


def test_quickstart_leaves_another_one_its_folder():
    with Stack() as stack:
        tree = os.path.join(stack.dir, "tree")
        # stands still where packages would be installed, as long as the first one runs
        script(os.path.join(tree, "deploy/install-packages"), "touch \"$PWD/began\"\nexec sleep 20\n")
        shutil.copy2(os.path.join(TOP, "deploy/quickstart"), os.path.join(tree, "deploy/quickstart"))
        kept = os.path.join(tree, "run/quickstart/made")
        os.makedirs(os.path.dirname(kept))
        open(kept, "w").close()
        quickstart = os.path.join(tree, "deploy/quickstart")
        stack.spawn("quickstart", [quickstart], {"PORT_BASE": str(stack.base)})
        wait_until(lambda: os.path.exists(os.path.join(tree, "began")), "the first one", 10)
        done = subprocess.run(["timeout", "10", quickstart, "--fresh"], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env=dict(stack.env, PORT_BASE=str(stack.base + 500)))
        assert done.returncode == 1 and "run/quickstart" in done.stderr and "stop it" in done.stderr, done
        assert os.path.exists(kept), "the folder of the first one is gone"
        stack.kill("quickstart")
        done = subprocess.run(["timeout", "2", quickstart], capture_output=True, text=True, stdin=subprocess.DEVNULL, env=stack.env)
        assert "stop it" not in done.stderr, "nobody is there any more, and yet"
