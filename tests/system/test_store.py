"""The disk is full: nothing accepted is lost, nothing is corrupted, and it goes on when there is room again."""

import os
import subprocess

from people import received, room_of_three, say, wait_for_text
from stack import Skip, Stack, http, wait_until
from webhooks import post, wa_message, wa_post


def mount(stack, megabytes):
    store = os.path.join(stack.dir, "store")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", store], capture_output=True)
    if done.returncode != 0:
        raise Skip("cannot mount a small file system here (needs root)")
    return store


def test_full_store_refuses_clearly_and_recovers_without_restart():
    with Stack() as stack:
        store = mount(stack, 24)
        try:
            stack.start_all()
            room_of_three(stack)
            assert post(stack, "whatsapp", wa_post([[wa_message(1, "before.")]]))[0] == 200
            wait_for_text(stack, "messenger", "before.")
            ballast = os.open(os.path.join(store, "ballast"), os.O_CREAT | os.O_WRONLY)
            try:
                while os.write(ballast, b"\0" * 4096):
                    pass
            except OSError:
                pass   # full
            finally:
                os.close(ballast)
            body = wa_post([[wa_message(i, f"during {i}. " + "x" * 3000) for i in range(100, 160)]])
            wait_until(lambda: post(stack, "whatsapp", body)[0] == 503 or not stack.ready("gateway"), "the store full")
            more = [wa_post([[wa_message(i, f"more {i}. " + "y" * 3000) for i in range(n, n + 60)]])
                    for n in range(200, 2000, 60)]
            refused = 0
            for extra in more:
                if post(stack, "whatsapp", extra)[0] == 503:
                    refused += 1
                    break
            assert refused, "a full disk refused nothing"
            wait_until(lambda: not stack.ready("gateway"), "/readyz red")
            assert http("GET", stack.admin_url("gateway") + "/healthz")[0] == 200, "alive all the same"
            os.unlink(os.path.join(store, "ballast"))
            subprocess.run(["mount", "-o", "remount,size=256m", store], check=True)
            wait_until(lambda: stack.ready("gateway"), "/readyz green again")
            wait_until(lambda: post(stack, "whatsapp", body)[0] == 200, "the repeated webhook accepted")
            for i in range(100, 160):
                wait_for_text(stack, "messenger", f"during {i}.", timeout=60)
            texts = [t for t in received(stack, "messenger") if "during" in t]
            assert len(texts) == 60, len(texts)
            ok, text = stack.audit()
            assert ok, text
        finally:
            for name in list(stack.processes):
                stack.kill(name)
            subprocess.run(["umount", store], check=False)
