"""A translator's testdata, and people made of it. Never knows a network's format: it only puts other ids into samples."""

import json
import os
import time


def read_json(path):
    with open(path) as file:
        return json.load(file)


class Testdata:
    def __init__(self, folder):
        self.folder = folder
        self.accounts, self.pages, self.app = [], {}, None
        with open(os.path.join(folder, "accounts")) as file:
            for words in (line.split() for line in file):
                if words and words[0] == "account":
                    self.accounts.append(words[1])
                    self.pages[words[1]] = words[2] if len(words) > 2 else None
                elif words and words[0] == "app":
                    self.app = words[1]
        names = sorted(os.listdir(folder))
        self.webhooks = [n[:-len(".webhook")] for n in names if n.endswith(".webhook")]
        self.listed = {}  # answers that share a file, a line each
        for name in (n for n in names if n.endswith(".replies")):
            for line in self.bytes_of(name).splitlines():
                self.listed.update([(line.split(b" ", 1)[0].decode(), line.split(b" ", 1)[1])])
        self.judge = read_json(os.path.join(folder, "judge.golden"))
        self.encode = read_json(os.path.join(folder, "encode.golden"))

    def bytes_of(self, name):
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    def answer(self, name):
        """(status, body) of NAME.STATUS.reply."""
        return int(name.split(".")[-2]), self.listed[name] if name in self.listed else self.bytes_of(name)

    def body(self, name):
        return self.bytes_of(name + ".webhook")

    def events(self, name):
        return read_json(os.path.join(self.folder, name + ".golden"))

    def accepted(self):
        """An answer that means sent, its message id replaced by @ID@. It names nobody: our people are not the sample's."""
        for name, verdict in self.judge.items():
            if verdict["outcome"] == "sent" and verdict.get("message_id"):
                status, body = self.answer(name)
                body = body.replace(verdict["message_id"].encode(), b"@ID@")
                return status, body.replace(verdict["user_id"].encode(), b"") if verdict.get("user_id") else body
        raise SystemExit(f"{self.folder}: no reply that is accepted with a message id")

    def template(self):
        """(webhook body, its event): the shortest sample in which one person says one plain thing."""
        unusual = ("in_reply_to", "is_edit", "forwarded", "frequently_forwarded", "referral", "standby", "group_id",
                   "by_business", "extra_key")
        found = []
        for name in self.webhooks:
            events = self.events(name)
            if len(events) != 1 or events[0].get("echo") or events[0].get("audience") != "room":
                continue
            content = events[0]["content"]
            plain = events[0].get("account", "").endswith("/" + self.accounts[0]) and "text" in content
            if plain and content.get("message_id") and events[0].get("user_id") and not any(u in content for u in unusual):
                found.append((bool(content.get("author", {}).get("aliases")), len(self.body(name)), name, events[0]))
        if not found:
            raise SystemExit(f"{self.folder}: no sample in which one person says one plain thing")
        _, _, name, event = min(found, key=lambda f: f[:3])
        return self.body(name), event


class People:
    """Persons of the network who never existed in the samples: each says something when asked to."""

    def __init__(self, testdata):
        self.body, self.event = testdata.template()

    def says(self, person, message_id):
        """(webhook body, content the event should have)"""
        now_ms = int(time.time()) * 1000
        content = self.event["content"]
        swaps = [(content["message_id"], message_id), (self.event["user_id"], person)]
        swaps += [(alias, f"{alias}.{person}") for alias in content.get("author", {}).get("aliases", [])]
        if content.get("sent_ms"):
            swaps += [(str(content["sent_ms"]), str(now_ms)), (str(content["sent_ms"] // 1000), str(now_ms // 1000))]
        body, text = self.body, json.dumps(content, ensure_ascii=False)
        for old, new in swaps:
            body, text = body.replace(old.encode(), new.encode()), text.replace(old, new)
        return body, json.loads(text)
