"""A wire between two processes that can be cut, frozen and slowed. Never looks at what passes."""

import selectors
import socket
import threading
import time


class Link:
    """Listens on a port of its own and connects everybody who comes to the real one."""

    def __init__(self, target_port):
        self.target = target_port
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.is_cut = self.is_frozen = self.is_over = False
        self.delay_s = 0.0
        self.pairs = {}
        self.late = []   # (when, to, bytes), in order
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def cut(self):
        """Breaks what stands, and lets nobody through."""
        self.is_cut = True

    def heal(self):
        self.is_cut = self.is_frozen = False
        self.delay_s = 0.0

    def close(self):
        self.is_over = True
        self.thread.join(timeout=5)

    def _run(self):
        selector = selectors.DefaultSelector()
        self.listener.setblocking(False)
        selector.register(self.listener, selectors.EVENT_READ)
        while not self.is_over:
            if self.is_cut:
                for side in list(self.pairs):
                    self._drop(selector, side)
                self.late.clear()
            for key, _ in selector.select(0.005 if self.late else 0.05):
                if key.fileobj is self.listener:
                    self._accept(selector)
                elif not self.is_frozen:
                    self._pass(selector, key.fileobj)
            if self.is_frozen:
                time.sleep(0.02)
            now = time.monotonic()
            while self.late and self.late[0][0] <= now:
                _, to, data = self.late.pop(0)
                self._send(selector, to, data)
        for side in list(self.pairs):
            self._drop(selector, side)
        self.listener.close()

    def _accept(self, selector):
        try:
            near, _ = self.listener.accept()
        except OSError:
            return
        if self.is_cut:
            near.close()
            return
        far = socket.socket()
        try:
            far.connect(("127.0.0.1", self.target))
        except OSError:
            near.close()
            far.close()
            return
        for a, b in ((near, far), (far, near)):
            a.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            a.settimeout(5)
            self.pairs[a] = b
            selector.register(a, selectors.EVENT_READ)

    def _pass(self, selector, side):
        if side not in self.pairs:
            return
        try:
            data = side.recv(1 << 16)
        except OSError:
            data = b""
        if not data:
            self._drop(selector, side)
        elif self.delay_s or self.late:
            self.late.append((time.monotonic() + self.delay_s, self.pairs[side], data))
        else:
            self._send(selector, self.pairs[side], data)

    def _send(self, selector, to, data):
        try:
            if to in self.pairs:
                to.sendall(data)
        except OSError:
            self._drop(selector, to)

    def _drop(self, selector, side):
        other = self.pairs.pop(side, None)
        for one in (side, other):
            if one is None:
                continue
            self.pairs.pop(one, None)
            try:
                selector.unregister(one)
            except (KeyError, ValueError):
                pass
            one.close()
