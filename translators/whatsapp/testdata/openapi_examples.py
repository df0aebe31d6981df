#!/usr/bin/env python3
"""Writes the webhook examples of Meta's OpenAPI file into a folder, one body a file.

usage: openapi_examples.py FILE.yaml FOLDER
Exits 77 when the file is not there or PyYAML is not installed: there is nothing to compare with then.
"""
import json
import os
import sys

try:
    import yaml
except ImportError:
    sys.exit(77)


def main(source, folder):
    if not os.path.exists(source):
        sys.exit(77)
    with open(source, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    request = document["paths"]["/whatsapp/webhooks"]["post"]["requestBody"]
    examples = request["content"]["application/json"]["examples"]
    for number, example in enumerate(examples.values()):
        if "$ref" in example:
            example = document["components"]["examples"][example["$ref"].split("/")[-1]]
        with open(os.path.join(folder, "%02d.json" % number), "w", encoding="utf-8") as file:
            json.dump(example["value"], file)


main(*sys.argv[1:3])
