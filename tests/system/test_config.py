"""Wrong configuration: file, line, key, what is allowed; and ports that are taken."""

import os
import socket
import subprocess

from stack import NETWORKS, Stack, TOP


def check(stack, name, config, env=None):
    done = subprocess.run([os.path.join(stack.bin, "trefoil-" + name), "--config", config, "--check-config"],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20, env=dict(stack.env, **(env or {})))
    return done.returncode, done.stdout + done.stderr


def test_wrong_configuration_names_file_line_key_and_what_is_allowed():
    with Stack() as stack:
        for name in ("gateway", *NETWORKS):
            good = os.path.join(stack.dir, "config", name + ".yaml")
            code, text = check(stack, name, good)
            assert code == 0, (name, text)
            lines = open(good).read().splitlines()
            port = next(i for i, line in enumerate(lines) if line.startswith("admin_port"))
            cases = {
                "admin_port: 99999": ("admin_port", "65535"),
                "admin_port: many": ("admin_port", ""),
                "admin_prot: 7000": ("admin_prot", "admin_port"),
                "admin_port: [1, 2]": ("admin_port", ""),
                "admin_port: 7001\nadmin_port: 7002": ("admin_port", ""),
            }
            for wrong, (key, allowed) in cases.items():
                bad = os.path.join(stack.dir, "bad.yaml")
                with open(bad, "w") as file:
                    file.write("\n".join(lines[:port] + [wrong] + lines[port + 1:]) + "\n")
                code, text = check(stack, name, bad)
                assert code != 0, (name, wrong)
                line = port + 1 + wrong.count("\n")
                assert f"bad.yaml:{line}" in text and key in text and allowed in text, (wrong, text)
            code, text = check(stack, name, good, {"TREFOIL_ADMIN_PORT": "no number"})
            assert code != 0 and "TREFOIL_ADMIN_PORT" in text, text


def test_secret_files_others_can_read_are_refused():
    with Stack() as stack:
        token = os.path.join(stack.dir, "secrets/whatsapp.token")
        os.chmod(token, 0o644)
        code, text = check(stack, "whatsapp", os.path.join(stack.dir, "config/whatsapp.yaml"))
        assert code != 0 and "whatsapp.token" in text, text
        secret = open(token).read().strip()
        assert secret not in text


def test_quickstart_says_which_port_is_taken():
    with Stack() as stack, socket.create_server(("127.0.0.1", stack.base + 1)):
        done = subprocess.run([os.path.join(TOP, "deploy/quickstart"), "--smoke"], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=300, env=dict(stack.env, PORT_BASE=str(stack.base)))
        assert done.returncode != 0
        assert str(stack.base + 1) in done.stderr and "PORT_BASE" in done.stderr, done.stderr
