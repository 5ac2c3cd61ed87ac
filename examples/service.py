#!/usr/bin/env python3
"""A company's own service as docs/services.md describes it: a loyalty programme that keeps its members in memory.

It needs nothing but Python. Start it, tell Habeas of it in habeas.toml, and ask for your data:

    HABEAS_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw python3 examples/service.py --port 8090

`--later SECONDS` has it answer by call-back. `--data FILE` reads and writes the members as JSON, so that they outlive it.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WINDOW = 5 * 60
MEMBERS = [
    {"id": 1, "email": "ada@example.com", "points": 1200.50, "tier": "gold", "pin": "1234", "referred_by": "bob@example.com"},
    {"id": 2, "email": "bob@example.com", "points": 10, "tier": "blue", "pin": "9999", "referred_by": None},
]
VISITS = [
    {"member": 1, "customer": 1, "at": "2026-05-01", "shop": "Berlin"},
    {"member": 1, "customer": 1, "at": "2026-06-01", "shop": "Köln"},
    {"member": 2, "customer": 2, "at": "2026-06-02", "shop": "Bonn"},
]


class Programme:
    """The members, and which messages were carried out already."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        data = {"members": MEMBERS, "visits": VISITS, "done": {}, "opted_out": [], "log": []}
        if path and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                data = json.load(file)
        self.data = data

    def keep(self):
        if self.path:
            with open(self.path + ".new", "w", encoding="utf-8") as file:
                json.dump(self.data, file)
            os.replace(self.path + ".new", self.path)

    def answer(self, message):
        """Each message is carried out once; a repeat gets the first answer."""
        with self.lock:
            self.data["log"].append([message["type"], message["delivery"]])
            done = self.data["done"]
            if message["delivery"] not in done:
                asked = message["data"]
                done[message["delivery"]] = getattr(self, message["type"])(asked)
            self.keep()
            return done[message["delivery"]]

    def mine(self, asked):
        email = asked["person"].get("email")
        members = [m for m in self.data["members"] if m["email"] == email]
        ids = {m["id"] for m in members}
        keys = {v[0] for k in asked.get("keys", []) if k["collection"] == "visits" for v in k["values"]}
        visits = [v for v in self.data["visits"] if v["member"] in ids or str(v["customer"]) in keys]
        return {"members": members, "visits": visits}

    def find(self, asked):
        mine = self.mine(asked)
        fields = asked["collections"]
        return {"collections": {c: [{f: r.get(f) for f in fields[c]} for r in mine[c]] for c in fields}}

    def erase(self, asked):
        mine, answer = self.mine(asked), {}
        for name in asked["collections"]:
            kept = [r for r in mine[name] if r.get("tier") == "gold"]
            gone = [r for r in mine[name] if r not in kept]
            self.data[name] = [r for r in self.data[name] if r not in gone]
            answer[name] = {"deleted": len(gone)}
            if kept:
                answer[name]["kept"] = [{"rows": len(kept), "reason": "gold members' points are booked for ten years"}]
        return {"collections": answer}

    def correct(self, asked):
        mine, answers = self.mine(asked), []
        for one in asked["corrections"]:
            if one["field"] != "tier" and one["field"] != "shop":
                answers.append({"refused": "only the tier and the shop can be corrected"})
                continue
            rows = [r for r in mine[one["collection"]] if "current" not in one or r[one["field"]] == one["current"]]
            for row in rows:
                row[one["field"]] = one["requested"]
            answers.append({"rows": len(rows)})
        return {"corrections": answers}

    def opt_out(self, asked):
        self.data["opted_out"].append([asked["person"]["email"], asked["opt_out_of"]])
        return {}


def signature(secret, identifier, timestamp, body):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{identifier}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not self.signed(body):
            return self.reply(401, {"error": "not signed with our secret"})
        message = json.loads(body)
        if self.path != "/" + message["type"] or message["type"] not in ("find", "erase", "correct", "opt_out"):
            return self.reply(404, {"error": "no such operation"})
        later = self.server.options.later
        if later is None:
            return self.reply(200, self.server.programme.answer(message))
        threading.Timer(later, self.server.call_back, [message]).start()
        return self.reply(202, {"callback": True})

    def signed(self, body):
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        identifier, timestamp, given = (self.headers.get(name, "") for name in names)
        if not timestamp.isdigit():
            return False
        if not self.server.options.any_time and abs(time.time() - int(timestamp)) > WINDOW:
            return False
        expected = signature(self.server.secret, identifier, timestamp, body)
        return any(hmac.compare_digest(expected, one) for one in given.split(" "))

    def reply(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Whose data is asked for is nobody's to read in a log."""


class Service(ThreadingHTTPServer):
    daemon_threads = True

    def call_back(self, message):
        body = json.dumps(self.programme.answer(message)).encode()
        url = message["call_back"]
        if self.options.call_back_to:
            url = self.options.call_back_to + url[url.index("/v1/"):]
        for attempt in range(20):
            timestamp = str(self.options.at or int(time.time()))
            headers = {
                "content-type": "application/json",
                "webhook-id": message["delivery"],
                "webhook-timestamp": timestamp,
                "webhook-signature": signature(self.secret, message["delivery"], timestamp, body),
            }
            try:
                with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10):
                    return
            except OSError as error:
                print(f"call-back, attempt {attempt + 1}: {error}", file=sys.stderr)
                time.sleep(0.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--later", type=float, help="answer by call-back after so many seconds")
    parser.add_argument("--data", help="a file that keeps the members")
    parser.add_argument("--call-back-to", help="send call-backs to this host instead, as behind a proxy")
    parser.add_argument("--any-time", action="store_true", help="for tests: take messages of any time")
    parser.add_argument("--at", type=int, help="for tests: sign call-backs as of this moment, in seconds since 1970")
    options = parser.parse_args()
    server = Service(("127.0.0.1", options.port), Handler)
    server.options, server.secret = options, os.environ["HABEAS_SECRET"]
    server.programme = Programme(options.data)
    print(f"listening on {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
