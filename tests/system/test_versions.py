"""Two versions of the bus protocol side by side on one gateway, and what becomes of those it does not speak."""

from bus import CREDIT, ERROR, PAUSE, ROSTER_IS, START_EARLIEST, SUBSCRIBE, WELCOME, Peer, channels, field, fields, first
from people import room_of_three, say, wait_for_text
from stack import Stack, wait_until

OLDEST, NEWEST = 1, 2
ERROR_VERSION, ERROR_OUT_OF_ORDER = 2, 5


def join(peer, service, low, high):
    """(the version agreed on, the channel's id)."""
    peer.hello(service, low, high)
    welcome = peer.wait_for(WELCOME)
    assert welcome is not None, f"a peer of versions {low} to {high} is not welcome"
    return first(welcome, 1, 0), channels(first(peer.wait_for(ROSTER_IS), 1))["main"]


def read_until(peer, n):
    """The envelopes of the next n deliveries or more, by sequence."""
    got = {}

    def has_all():
        got.update(peer.deliveries(500))
        return len(got) >= n

    wait_until(has_all, lambda: f"{n} deliveries, got {len(got)}")
    return got


def drain(peer):
    """Everything that is on its way to the peer."""
    while peer.deliveries(700):
        pass


def test_peers_of_two_protocol_versions_are_handed_the_same_at_the_same_time():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        with Peer(stack, "echo-bot") as old, Peer(stack, "admin") as new:
            version, channel = join(old, "echo-bot", OLDEST, OLDEST)
            assert version == OLDEST
            version, _ = join(new, "admin", OLDEST, NEWEST)
            assert version == NEWEST
            old.read(channel, "old")
            new.read(channel, "new")
            for i in range(5):
                say(stack, "whatsapp", f"to both {i}.")
            wait_for_text(stack, "messenger", "to both 4.")
            seen = [read_until(peer, 5) for peer in (old, new)]
            common = set(seen[0]) & set(seen[1])
            assert len(common) >= 5 and all(seen[0][seq] == seen[1][seq] for seq in common)


def test_version_agreed_on_is_the_newest_both_speak():
    with Stack() as stack:
        stack.start("gateway")
        wait_until(lambda: stack.ready("gateway"), "the gateway")
        for low, high, agreed in ((1, 1, 1), (1, 2, 2), (2, 2, 2), (1, 99, NEWEST), (0, 1, 1)):
            with Peer(stack) as peer:
                assert join(peer, "echo-bot", low, high)[0] == agreed, (low, high)


def test_version_too_old_or_too_new_is_refused_in_words_that_name_the_right_ones():
    with Stack() as stack:
        stack.start("gateway")
        wait_until(lambda: stack.ready("gateway"), "the gateway")
        for low, high in ((0, 0), (NEWEST + 1, NEWEST + 5), (2, 1)):
            with Peer(stack) as peer:
                peer.hello("echo-bot", low, high)
                error = peer.wait_for(ERROR)
                assert error is not None, f"versions {low} to {high}: no error"
                assert first(error, 1, 0) == ERROR_VERSION, fields(error)
                assert first(error, 2) == b"this gateway speaks the versions from 1 to 2", first(error, 2)
                peer.hello("echo-bot", OLDEST, NEWEST)   # the refusal is of the version, not of the peer
                assert peer.wait_for(WELCOME)


def test_frame_holds_as_many_deliveries_as_the_peer_said_it_takes_and_256_when_it_said_nothing():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        n_said = 300   # with what the networks tell of them more than any frame may hold that is not asked to hold more
        for i in range(n_said):
            say(stack, "whatsapp", f"number {i}.")
        wait_for_text(stack, "messenger", f"number {n_said - 1}.")
        for max_batch, most in ((None, 256), (7, 7), (280, 280), (1 << 31, 1024)):
            with Peer(stack) as peer:
                peer.hello("echo-bot", OLDEST, NEWEST, max_batch)
                channel = channels(first(peer.wait_for(ROSTER_IS), 1))["main"]
                peer.read(channel, f"in {max_batch}", credit=4096, start=START_EARLIEST)
                sizes = []
                while sum(sizes) < n_said:
                    sizes.append(len(peer.deliveries()))
                    assert sizes[-1] > 0, f"{max_batch}: nothing more after {sizes}"
                assert max(sizes) <= most, (max_batch, sizes)
                assert max(sizes) == most or max(sizes) > 280, (max_batch, sizes)


def test_peer_that_pauses_is_handed_nothing_more_and_one_of_the_version_without_pause_is_told_so():
    with Stack() as stack:
        stack.start_all()
        room_of_three(stack)
        with Peer(stack, "echo-bot") as old, Peer(stack, "admin") as new:
            _, channel = join(old, "echo-bot", OLDEST, OLDEST)
            join(new, "admin", OLDEST, NEWEST)
            old.read(channel, "old")
            new.read(channel, "new")
            say(stack, "whatsapp", "before the pause")
            wait_for_text(stack, "messenger", "before the pause")
            read_until(new, 1)
            new.send(field(PAUSE, b""))
            drain(new)
            say(stack, "whatsapp", "during the pause")
            wait_for_text(stack, "messenger", "during the pause")
            read_until(old, 2)
            assert new.deliveries(1000) == [], "handed out during the pause"
            old.send(field(PAUSE, b""))
            error = old.wait_for(ERROR)
            assert error is not None and first(error, 1, 0) == ERROR_OUT_OF_ORDER
        with Peer(stack, "admin") as again:   # what came during the pause waits for whoever reads on
            join(again, "admin", OLDEST, NEWEST)
            again.send(field(SUBSCRIBE, field(1, channel) + field(2, "new") + field(3, 2) + field(6, 1)))
            again.send(field(CREDIT, field(1, 100) + field(2, 1 << 22)))
            read_until(again, 1)
