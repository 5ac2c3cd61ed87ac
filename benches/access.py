#!/usr/bin/env python3
"""Measures access end to end on a running `habeas demo`: from staff's approval to a package that lies ready.

usage: access.py URL DEMO_DIR [ONE_BY_ONE [QUEUED]]     prints one line of JSON

Known customers of the demo ask for their data and confirm the mailed code; that is not timed. Then a reviewer approves some of
them one by one, each when the one before is ready, and the rest all at once. A package is ready when its request waits for
release or is fulfilled; the server is asked every two milliseconds, so a time is up to that much too long.
"""

import email
import email.policy
import http.client
import json
import math
import re
import sqlite3
import sys
import time
import urllib.parse
from pathlib import Path

ASK_EVERY = 0.002
GIVE_UP_AFTER = 120.0
READY = {"awaiting_release", "fulfilled", "partially_fulfilled"}
REVIEWER = {"email": "rita.reviewer@shop.example", "password": "demo-reviewer"}


class Api:
    """One connection to the server, kept open."""

    def __init__(self, url):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=60)

    def call(self, method, path, token=None, body=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        content = response.read()
        if not 200 <= response.status < 300:
            sys.exit(f"{method} {path}: {response.status} {content[:500].decode(errors='replace')}")
        return json.loads(content) if content else None


class Mails:
    """The demo's folder of mails, each read once."""

    def __init__(self, directory):
        self.directory, self.seen, self.codes = directory, set(), {}

    def code_for(self, address):
        until = time.monotonic() + GIVE_UP_AFTER
        while address not in self.codes:
            if time.monotonic() > until:
                sys.exit("a code was not mailed")
            self.look()
            time.sleep(ASK_EVERY)
        return self.codes[address]

    def look(self):
        for path in self.directory.glob("*.eml"):
            if path.name in self.seen:
                continue
            self.seen.add(path.name)
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            code = re.match(r"(\d{6}) is your code", mail["Subject"])
            if code:
                self.codes[mail["To"].addresses[0].addr_spec.lower()] = code[1]


def customers(database, count):
    """The first customers with an order, so that every package holds something."""
    rows = sqlite3.connect(f"file:{database}?mode=ro", uri=True).execute(
        "SELECT name, email, account_number FROM customers WHERE id IN (SELECT customer_id FROM orders) ORDER BY id LIMIT ?",
        (count,),
    )
    people = [{"name": name, "email": address, "account_id": account} for name, address, account in rows]
    if len(people) < count:
        sys.exit(f"the demo has {len(people)} such customers only")
    return people


def submit(api, mails, person):
    body = {"controller": "shop", "rights": ["access"], "person": person | {"residence": "DE"}}
    submitted = api.call("POST", "/v1/requests", body=body)
    request, token = submitted["requests"][0]["id"], submitted["token"]
    code = mails.code_for(person["email"].lower())
    api.call("POST", f"/v1/requests/{request}/verification/confirmation", token, {"code": code})
    return request


def wait_until(done):
    until = time.monotonic() + GIVE_UP_AFTER
    while not done():
        if time.monotonic() > until:
            sys.exit("the packages did not get ready in time")
        time.sleep(ASK_EVERY)


def main():
    url, demo = sys.argv[1], Path(sys.argv[2])
    one_by_one, queued = (int(sys.argv[n]) if len(sys.argv) > n else 100 for n in (3, 4))
    api, mails = Api(url), Mails(demo / "mail")
    mails.look()
    mails.codes.clear()  # of an earlier run in the same folder
    requests = [submit(api, mails, person) for person in customers(demo / "shop.db", one_by_one + queued)]
    staff = api.call("POST", "/v1/staff/session", body=REVIEWER)["token"]

    def approve(request):
        api.call("POST", f"/v1/staff/requests/{request}/approval", staff)

    def is_ready(request):
        return api.call("GET", f"/v1/staff/requests/{request}", staff)["state"] in READY

    def none_is_left():
        return not api.call("GET", "/v1/staff/requests?state=fulfilling&limit=1", staff)["items"]

    # The acknowledgements still on their way out would be timed as well.
    wait_until(lambda: api.call("GET", "/v1/staff/metrics", staff)["jobs_ready"] == 0)
    milliseconds = []
    for request in requests[:one_by_one]:
        began = time.perf_counter()
        approve(request)
        wait_until(lambda: is_ready(request))
        milliseconds.append((time.perf_counter() - began) * 1e3)
    began = time.perf_counter()
    for request in requests[one_by_one:]:
        approve(request)
    wait_until(none_is_left)
    total = time.perf_counter() - began
    if not all(is_ready(request) for request in requests):
        sys.exit("a request ended without a package")

    milliseconds.sort()
    at = lambda share: round(milliseconds[math.ceil(len(milliseconds) * share) - 1], 1)  # nearest rank
    result = {"one_by_one": one_by_one, "median_ms": at(0.5), "p99_ms": at(0.99), "worst_ms": round(milliseconds[-1], 1)}
    print(json.dumps(result | {"queued": queued, "queued_seconds": round(total, 2)}))


if __name__ == "__main__":
    main()
