#!/usr/bin/env python3
"""One person with very many rows: the access, from approval to a package that lies ready, beside `psql \\copy … TO STDOUT CSV` of
the same rows in the same run, and how much memory it took.

usage: export.py [ROWS] [ROUNDS] [leaf|parent]     prints one line of JSON a round, and the median

`leaf`: nothing points to the rows. `parent`: rows of another table do, so that every row's key is gathered and looked for.
"""

import json
import statistics
import subprocess
import sys
import time

from stage import Postgres, scratch, shop

PERSON = {"name": "Ada Large", "email": "ada.large@example.com"}
READY = {"awaiting_release", "fulfilled", "partially_fulfilled"}
DONE = READY | {"denied"}

DATASET = """dataset:
  - fides_key: shop
    collections:
      - name: customers
        fields:
          - {name: id, fides_meta: {primary_key: true}, data_categories: [user.unique_id]}
          - {name: email, fides_meta: {identity: email}, data_categories: [user.contact.email]}
          - {name: name, data_categories: [user.name]}
      - name: events
        fields:
          - {name: id, fides_meta: {primary_key: true}, data_categories: [system.operations]}
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: shop, field: customers.id, direction: from}]}
          - {name: kind, data_categories: [user.behavior]}
          - {name: amount, data_categories: [user.financial]}
          - {name: note, data_categories: [user.content]}
          - {name: created_at, data_categories: [user.behavior]}
"""

DETAILS = """      - name: details
        fields:
          - {name: id, fides_meta: {primary_key: true}, data_categories: [system.operations]}
          - name: event_id
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: shop, field: events.id, direction: from}]}
          - {name: detail, data_categories: [user.behavior]}
"""


def fill(postgres, rows):
    postgres.psql("postgres", "CREATE DATABASE shop")
    postgres.psql(
        "shop",
        f"""
        CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL, name text);
        CREATE INDEX ON customers (lower(email));
        INSERT INTO customers SELECT n, 'user' || n || '@example.com', 'User ' || n FROM generate_series(2, 1000) n;
        INSERT INTO customers VALUES (1, '{PERSON["email"]}', '{PERSON["name"]}');
        CREATE TABLE events (id bigint PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, kind text NOT NULL,
                             amount numeric(12,2), note text, created_at timestamptz NOT NULL);
        INSERT INTO events SELECT n, 1, (ARRAY['view','order','refund','visit'])[1 + n % 4], n % 100000 / 100.0,
               CASE WHEN n % 5 = 0 THEN NULL ELSE 'note ' || md5(n::text) END, '2024-01-01Z'::timestamptz + n * interval '7 s'
        FROM generate_series(1, {rows}) n;
        INSERT INTO events SELECT n, 2 + n % 999, 'view', 1, NULL, now() FROM generate_series({rows} + 1, {rows} + 10000) n;
        CREATE INDEX ON events (customer_id);
        CREATE TABLE details (id bigint PRIMARY KEY, event_id bigint NOT NULL REFERENCES events, detail text);
        INSERT INTO details SELECT n, n * 10, 'detail ' || n FROM generate_series(1, {rows} / 10) n;
        CREATE INDEX ON details (event_id);
        """,
    )
    postgres.psql("shop", "VACUUM ANALYZE")


def copy(postgres):
    began = time.perf_counter()
    postgres.psql("shop", "\\copy (SELECT * FROM events WHERE customer_id = 1) TO STDOUT CSV\n", subprocess.DEVNULL)
    return time.perf_counter() - began


def access(server):
    request, token = server.submit("access", PERSON)
    time.sleep(1)
    server.forget_peak()
    began = time.perf_counter()
    server.approve(request)
    while server.state(request) not in DONE:
        time.sleep(0.05)
    taken = time.perf_counter() - began
    state = server.api.call("GET", f"/v1/staff/requests/{request}", server.staff)
    if state["state"] not in READY:
        sys.exit("the request ended without a package")
    return taken, server.memory("VmHWM")


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    shape = sys.argv[3] if len(sys.argv) > 3 else "leaf"
    with scratch() as folder:
        postgres = Postgres(folder)
        server = None
        try:
            fill(postgres, rows)
            server = shop(folder, postgres, DATASET + (DETAILS if shape == "parent" else ""))
            time.sleep(5)
            idle = server.memory("VmRSS")
            ratios = []
            for _ in range(rounds):
                copied = copy(postgres)
                taken, peak = access(server)
                result = {"rows": rows, "shape": shape, "copy_s": round(copied, 2), "access_s": round(taken, 2)}
                ratios.append(round(copied / taken, 3))
                ratio = {"ratio": ratios[-1], "idle_mb": round(idle, 1), "over_idle_mb": round(peak - idle, 1)}
                print(json.dumps(result | ratio), flush=True)
            print(json.dumps({"rounds": rounds, "ratio_median": statistics.median(ratios)}))
        finally:
            if server:
                server.stop()
            postgres.stop()


if __name__ == "__main__":
    main()
