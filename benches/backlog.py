#!/usr/bin/env python3
"""Very many accesses queued at once over the company of `sample.py`: how long they take to drain, and what memory the process has on the way.

usage: backlog.py [REQUESTS]     prints one line of JSON each
"""

import contextlib
import json
import re
import sys
import threading
import time
import urllib.request

from sample import DATASET, SQL, settle
from stage import Postgres, scratch, shop

CODE_LIVES = 540  # seconds; a code is good for ten minutes


def fresh(server):
    """The server closes a connection that was quiet; the next call opens another."""
    server.api.connection.close()


def submitted(server, count):
    """Gives the requests, confirmed. All are submitted first: the folder of mails is looked through a few times and not once each."""
    tokens = []
    fresh(server)
    for n in range(1, count + 1):
        person = {"name": f"User {n}", "email": f"user{n}@example.com", "residence": "DE"}
        answer = server.api.call("POST", "/v1/requests", body={"controller": "shop", "rights": ["access"], "person": person})
        tokens.append((answer["requests"][0]["id"], answer["token"], person["email"]))
    until = time.monotonic() + CODE_LIVES
    while len(server.mails.codes) < count:
        if time.monotonic() > until:
            sys.exit(f"{len(server.mails.codes)} of {count} codes were mailed")
        server.mails.look()
        time.sleep(1)
    fresh(server)
    for request, token, email in tokens:
        body = {"code": server.mails.codes[email]}
        server.api.call("POST", f"/v1/requests/{request}/verification/confirmation", token, body)
    return [request for request, _, _ in tokens]


class Watch(threading.Thread):
    """Notes memory and how many are done, a few times a second."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.seen, self.over = server, [], threading.Event()

    def done(self):
        with contextlib.closing(urllib.request.urlopen(self.server.url + "/metrics", timeout=30)) as answer:
            found = re.search(r'^habeas_jobs_done_total\{kind="fulfil"\} (\d+)', answer.read().decode(), re.MULTILINE)
        return int(found[1]) if found else 0

    def run(self):
        began = time.perf_counter()
        while not self.over.wait(0.25):
            self.seen.append((time.perf_counter() - began, self.done(), self.server.memory("VmRSS")))

    def stop(self):
        self.over.set()
        self.join()

    def when(self, share, count):
        """Memory when that share was done."""
        return round(next((memory for _, done, memory in self.seen if done >= share * count), self.seen[-1][2]), 1)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with scratch() as folder:
        postgres = Postgres(folder)
        server = None
        try:
            postgres.psql("postgres", "CREATE DATABASE shop")
            postgres.psql("shop", SQL)
            postgres.psql("shop", "VACUUM ANALYZE")
            server = shop(folder, postgres, DATASET)
            time.sleep(5)
            print(json.dumps({"idle_mb": round(server.memory("VmRSS"), 1)}), flush=True)
            began = time.perf_counter()
            requests = submitted(server, count)
            settle(server)
            taken = round(time.perf_counter() - began)
            print(json.dumps({"submitted_and_confirmed": count, "seconds": taken, "rss_mb": round(server.memory("VmRSS"), 1)}), flush=True)
            server.forget_peak()
            watch = Watch(server)
            watch.start()
            began = time.perf_counter()
            server.approve_all(requests)
            left_then = count - watch.done()
            approved = time.perf_counter() - began
            fresh(server)
            left = lambda: server.api.call("GET", "/v1/staff/requests?state=fulfilling&limit=1", server.staff)["items"]
            while left():
                time.sleep(0.05)
            drained = time.perf_counter() - began
            watch.stop()
            result = {"queued": count, "done": watch.done(), "approved_s": round(approved, 1), "waited_then": left_then, "drained_s": round(drained, 1)}
            result |= {"per_second": round(count / drained), "peak_mb": round(server.memory("VmHWM"), 1)}
            result |= {f"rss_mb_at_{int(share * 100)}%": watch.when(share, count) for share in (0.1, 0.25, 0.5, 0.75, 1)}
            print(json.dumps(result), flush=True)
            fresh(server)
            settle(server)
            time.sleep(5)
            print(json.dumps({"after_mb": round(server.memory("VmRSS"), 1)}), flush=True)
        finally:
            if server:
                server.stop()
            postgres.stop()


if __name__ == "__main__":
    main()
