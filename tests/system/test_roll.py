"""Every process is replaced, one after the other, while people talk: nothing is lost, doubled or disordered."""

import os
import re
import signal
import time

from balancer import Balancer
from crowd import Crowd, start_reader
from people import room_of_three, say, wait_for_text
from stack import NETWORKS, Stack, wait_until

ROOMS, RATE, BETWEEN = 30, 40, 25
STOP_LIMIT_S = 10   # what a supervisor waits before it kills: no stop in order takes so long


def how_it_ended(stack, name):
    with open(os.path.join(stack.dir, "log", name + ".log")) as log:
        return re.findall(r"how=(\w+)", log.read())[-1]


def stop(stack, name):
    """SIGTERM; it ends in order and in time."""
    began = time.monotonic()
    code = stack.kill(name, signal.SIGTERM)
    took_s = time.monotonic() - began
    assert code == 0 and took_s < STOP_LIMIT_S, f"{name} ends with {code} after {took_s:.1f} s"
    if name.split("-")[0] in NETWORKS:
        assert how_it_ended(stack, name) == "drained"


def behind_balancers(stack):
    """The networks post to one address per translator, which replicas stand behind."""
    balancers = {}
    path = os.path.join(stack.dir, "config/sandbox.yaml")
    with open(path) as file:
        config = file.read()
    for network in NETWORKS:
        balancers[network] = Balancer([stack.webhook_url(network), stack.webhook_url(network, 2)])
        config = config.replace(f"webhook_url: {stack.webhook_url(network)}\n",
                                f"webhook_url: http://127.0.0.1:{balancers[network].port}/webhook\n")
    with open(path, "w") as file:
        file.write(config)
    return balancers


def roll(stack, crowd, network):
    """As an orchestrator does it: the new one is ready before the old one is asked to go."""
    if f"{network}-2" not in stack.processes:
        stack.start(network, replica=2)
        wait_until(lambda: stack.ready(network, 2), f"the second {network} ready")
        crowd.say_more(BETWEEN)
        stop(stack, network)
    else:
        stack.again(network)
        wait_until(lambda: stack.ready(network), f"the first {network} ready")
        crowd.say_more(BETWEEN)
        stop(stack, f"{network}-2")


def restart(stack, crowd, name):
    crowd.say_more(BETWEEN)
    stop(stack, name)
    stack.again(name)
    if name != "reader":
        wait_until(lambda: stack.ready(name), f"{name} ready")


def books_are_closed(stack):
    wait_until(lambda: stack.audit()[0] and "pending 0" in stack.audit()[1], lambda: stack.audit()[1], 60)


def assert_all_is_well(stack, crowd):
    crowd.stop()
    crowd.wait_for_all()
    crowd.assert_read_once_and_in_order()
    books_are_closed(stack)
    crowd.assert_each_once_and_in_order()
    print(f"{'':10} {crowd.n_said} messages in {crowd.rooms} rooms")


def test_gateway_that_nobody_owes_anything_need_not_be_cut_short():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        say(stack, "whatsapp", "before the stop")
        wait_for_text(stack, "messenger", "before the stop")
        books_are_closed(stack)
        stop(stack, "gateway")
        assert how_it_ended(stack, "gateway") == "drained"


def test_rolling_every_process_under_load_loses_doubles_and_disorders_nothing():
    with Stack() as stack:
        balancers = behind_balancers(stack)
        try:
            stack.start_all()
            stack.control("settings", {"auto_read": False})
            start_reader(stack)
            crowd = Crowd(stack, ROOMS, RATE)
            crowd.start()
            for _ in range(2):
                for network in NETWORKS:
                    roll(stack, crowd, network)
                restart(stack, crowd, "gateway")
                restart(stack, crowd, "reader")
            assert stack.metric("gateway", "trefoil_in_doubt_total") == 0, "somebody left without a word"
            assert_all_is_well(stack, crowd)
        finally:
            for balancer in balancers.values():
                balancer.close()


def test_restarting_single_replicas_under_load_loses_doubles_and_disorders_nothing():
    with Stack() as stack:
        stack.start_all()
        stack.control("settings", {"auto_read": False})
        start_reader(stack)
        crowd = Crowd(stack, ROOMS, RATE)
        crowd.start()
        for name in (*NETWORKS, "gateway", "reader", "gateway", *NETWORKS):
            restart(stack, crowd, name)
        assert stack.metric("gateway", "trefoil_in_doubt_total") == 0, "somebody left without a word"
        assert_all_is_well(stack, crowd)
