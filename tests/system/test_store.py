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


def test_full_store_works_again_by_itself_when_what_it_holds_is_over():
    with Stack(env={"TREFOIL_STACK_RETENTION": "1m", "TREFOIL_STORE_MAX_BYTES": str(6 << 20)}) as stack:
        stack.start_all()
        room_of_three(stack)
        for n in range(0, 6000, 60):   # pending, too: what nobody fetched goes with the rest, and is counted
            if n == 300:
                stack.kill("messenger")
            body = wa_post([[wa_message(i, f"fill {i}. " + "x" * 2500) for i in range(n, n + 60)]])
            if post(stack, "whatsapp", body)[0] == 503:
                break
        else:
            raise AssertionError("a store of six megabytes was never full")
        wait_until(lambda: not stack.ready("gateway"), "/readyz red")
        wait_until(lambda: stack.ready("gateway"), "room without a restart", timeout=90)
        stack.again("messenger")
        stack.wait_ready()
        wait_until(lambda: post(stack, "whatsapp", wa_post([[wa_message(9000, "after.")]]))[0] == 200, "accepted again")
        wait_for_text(stack, "messenger", "after.", timeout=90)
        wait_until(lambda: stack.audit()[0], "the books balanced", timeout=90)
