#!/usr/bin/env python3
"""Lists the review queue of a store with very many requests, over HTTP, by each filter and order: the median of many answers.

usage: listing.py FILL_EXECUTABLE [REQUESTS] [EACH] [sqlite|postgres]     prints one line of JSON a query

`FILL_EXECUTABLE` is what `cargo bench --no-run --bench fill` builds. A page has 50 requests; `…+` is the page behind the first.
"""

import json
import statistics
import subprocess
import sys
import time
from urllib.parse import quote

from stage import Postgres, Server, scratch

QUERIES = [
    "",
    "state=in_review",
    "state=denied",
    "state=awaiting_release",
    "right=access",
    "right=automated_decision",
    "right=automated_decision&state=in_review",
    "right=correction&state=in_review&controller=shop",
    "controller=other",
    "controller=other&state=in_review",
    "controller=other&right=correction",
    "assignee=00000000-0000-0000-0000-000000000003",
    "assignee=00000000-0000-0000-0000-000000000003&state=in_review",
    "assignee=00000000-0000-0000-0000-000000000009",
    "due_before=2100-02-10",
    "due_before=2101-06-01&state=in_review",
    "sort=due",
    "sort=received",
    "sort=received&state=in_review",
    "sort=received&state=awaiting_release",
    "sort=received&right=automated_decision",
    "sort=received&controller=other",
    "sort=received&due_before=2100-03-01",
    "q=user4711@example.com",
    "q=nobody@example.com",
    "q=DSR-7K",
    "q=" + quote("+14155552671"),
    "q=DSR-7&state=in_review",
]


def timed(server, query, each):
    milliseconds = []
    for _ in range(each):
        began = time.perf_counter()
        page = server.api.call("GET", f"/v1/staff/requests?{query}", server.staff)
        milliseconds.append((time.perf_counter() - began) * 1e3)
    return page, statistics.median(milliseconds), max(milliseconds)


def main():
    fill = sys.argv[1]
    requests = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    each = int(sys.argv[3]) if len(sys.argv) > 3 else 30
    stores = sys.argv[4:] or ["sqlite", "postgres"]
    with scratch() as folder:
        for store in stores:
            postgres = Postgres(folder) if store == "postgres" else None
            server = None
            try:
                if postgres:
                    postgres.psql("postgres", "CREATE DATABASE habeas")
                url = postgres.url("habeas") if postgres else "sqlite://habeas.db"
                home = folder / f"habeas-{store}"
                home.mkdir()
                began = time.perf_counter()
                arguments = ["--url", url, "--directory", home, "--key-file", home / "habeas.key", "--requests", requests]
                subprocess.run([fill, *map(str, arguments)], check=True)
                print(json.dumps({"store": store, "requests": requests, "filled_s": round(time.perf_counter() - began)}), flush=True)
                server = Server(home, "", url)
                for query in QUERIES:
                    page, median, most = timed(server, query, each)
                    result = {"store": store, "query": query, "items": len(page["items"])}
                    print(json.dumps(result | {"median_ms": round(median, 1), "max_ms": round(most, 1)}), flush=True)
                    if page["next"]:
                        _, median, _ = timed(server, f"{query}&cursor={quote(page['next'])}", each)
                        print(json.dumps({"store": store, "query": query + " +", "median_ms": round(median, 1)}), flush=True)
            finally:
                if server:
                    server.stop()
                if postgres:
                    postgres.stop()


if __name__ == "__main__":
    main()
