"""Webhooks as a network would post them, signed or not. Never decides what is right."""

import hashlib
import hmac
import json
import os

from stack import http


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


def wa_message(number, text="hello"):
    return {"from": "15551230001", "id": f"wamid.TEST{number:04d}", "timestamp": "1790000001", "type": "text",
            "text": {"body": text}}


def wa_post(messages_by_change, entries=1):
    value = lambda messages: {"messaging_product": "whatsapp", "metadata": {
        "display_phone_number": "15550001111", "phone_number_id": "106540000000002"},
        "contacts": [{"profile": {"name": "Ana"}, "wa_id": "15551230001"}], "messages": messages}
    changes = [{"field": "messages", "value": value(m)} for m in messages_by_change]
    per = len(changes) // entries
    return json.dumps({"object": "whatsapp_business_account", "entry": [
        {"id": "102290000000001", "changes": changes[i * per:(i + 1) * per]} for i in range(entries)]}).encode()
