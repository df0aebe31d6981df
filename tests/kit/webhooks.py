"""Webhooks as a network would post them, signed or not. Never decides what is right."""

import hashlib
import hmac
import json
import os
import time

from stack import PEOPLE, http


def secret(stack, network):
    with open(os.path.join(stack.dir, "secrets", network + ".app_secret"), "rb") as file:
        return file.readline().strip()


def sign(stack, network, body):
    return "sha256=" + hmac.new(secret(stack, network), body, hashlib.sha256).hexdigest()


def post(stack, network, body, signature=None, replica=1):
    headers = {"Content-Type": "application/json"}
    if signature != "":
        headers["X-Hub-Signature-256"] = signature or sign(stack, network, body)
    return http("POST", stack.webhook_url(network, replica), body, headers)


PAGES = {"messenger": ("page", "104500000000003"), "instagram": ("instagram", "17841400000000005")}


def meta_item(network, what, person=None):
    """One element of messaging[]: what happened, and who did it."""
    return {"sender": {"id": person or PEOPLE[network]}, "recipient": {"id": PAGES[network][1]}, "timestamp": int(time.time() * 1000), **what}


def meta_post(network, items):
    kind, page = PAGES[network]
    return json.dumps({"object": kind, "entry": [{"id": page, "time": 1790000001123, "messaging": items}]}).encode()


def text_post(network, message_id, text, person=None):
    """One message of one person, as the network posts it."""
    person = person or PEOPLE[network]
    if network == "whatsapp":
        return wa_post([[{"from": person, "id": message_id, "timestamp": str(int(time.time())), "type": "text", "text": {"body": text}}]],
                       person=person)
    return meta_post(network, [meta_item(network, {"message": {"mid": message_id, "text": text}}, person)])


def wa_message(number, text="hello"):
    return {"from": "15551230001", "id": f"wamid.TEST{number:04d}", "timestamp": "1790000001", "type": "text",
            "text": {"body": text}}


def wa_post(messages_by_change, entries=1, person="15551230001"):
    value = lambda messages: {"messaging_product": "whatsapp", "metadata": {
        "display_phone_number": "15550001111", "phone_number_id": "106540000000002"},
        "contacts": [{"profile": {"name": "Ana"}, "wa_id": person}], "messages": messages}
    changes = [{"field": "messages", "value": value(m)} for m in messages_by_change]
    per = len(changes) // entries
    return json.dumps({"object": "whatsapp_business_account", "entry": [
        {"id": "102290000000001", "changes": changes[i * per:(i + 1) * per]} for i in range(entries)]}).encode()
