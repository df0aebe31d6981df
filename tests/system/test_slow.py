"""A subscriber that stops reading costs the others nothing and the gateway a bounded piece of memory."""

import os
import signal

from stack import Stack, wait_until
from webhooks import post, wa_message, wa_post

POSTS, PER_POST = 60, 200   # 12,000 messages of 700 bytes: far more than any window


def resident_kib(pid):
    """Of its own: pages of its files are the kernel's, which takes them back."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon:"))


def lines(stack, name):
    with open(os.path.join(stack.dir, "log", name + ".log"), "rb") as log:
        return sum(1 for line in log if b'"seq"' in line and b"#end" in line)


def test_stopped_subscriber_costs_the_others_nothing_and_misses_nothing():
    with Stack() as stack:
        stack.start_all()
        for name, keyring in (("slow", "echo-bot"), ("fast", "admin")):
            stack.spawn(name, [os.path.join(stack.bin, "trefoil"), "tail", "--json", "--name", name, "--from", "now"], {
                "TREFOIL_KEYRING": os.path.join(stack.dir, f"trust/keys/{keyring}.keyring"),
                "TREFOIL_GATEWAY": f"tcp://127.0.0.1:{stack.base}"})
        wait_until(lambda: stack.metric("gateway", "trefoil_subscription_replicas") >= 5, "both subscribers")
        text = "x" * 600 + " #end"
        assert post(stack, "whatsapp", wa_post([[wa_message(999_999, text)]]))[0] == 200
        wait_until(lambda: lines(stack, "slow") == lines(stack, "fast") == 1, "the first message at both")
        os.kill(stack.pid("slow"), signal.SIGSTOP)
        before = resident_kib(stack.pid("gateway"))
        for n in range(POSTS):
            body = wa_post([[wa_message(n * PER_POST + i, text) for i in range(PER_POST)]])
            wait_until(lambda: post(stack, "whatsapp", body)[0] == 200, f"post {n} accepted")
        total = POSTS * PER_POST + 1
        wait_until(lambda: lines(stack, "fast") == total, lambda: f"all at the fast one: {lines(stack, 'fast')} of {total}", 60)
        grown = resident_kib(stack.pid("gateway")) - before
        lag = max(v for k, v in stack.metrics("gateway").items() if k.startswith("trefoil_subscription_lag"))
        assert lines(stack, "slow") < total
        assert lag > total / 2, f"the lag is not visible: {lag}"
        assert grown < 48 * 1024, f"the gateway grew by {grown} KiB"
        os.kill(stack.pid("slow"), signal.SIGCONT)
        wait_until(lambda: lines(stack, "slow") == total, lambda: f"all at the slow one: {lines(stack, 'slow')} of {total}", 60)
        print(f"{'':10} {total} messages, the gateway grew by {grown // 1024} MiB, lag seen {lag:.0f}")
