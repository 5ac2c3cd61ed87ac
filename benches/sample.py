#!/usr/bin/env python3
"""Accesses and erasures over a company of 100,000 customers, 500,000 orders, 300,000 payments and 200,000 tickets in PostgreSQL,
from approval to the end; what each costs in processor time, its letter included, and how much the process grew.

usage: sample.py [ONE_BY_ONE] [QUEUED] [ERASURES]     prints one line of JSON each
"""

import json
import math
import sys
import time

from access import wait_until
from stage import Postgres, scratch, shop

DATASET = """dataset:
  - fides_key: shop
    collections:
      - name: customers
        fields:
          - {name: id, fides_meta: {primary_key: true}, data_categories: [user.unique_id]}
          - {name: email, fides_meta: {identity: email}, data_categories: [user.contact.email]}
          - {name: name, data_categories: [user.name]}
          - {name: city, data_categories: [user.contact.address.city]}
      - name: orders
        fields:
          - {name: id, fides_meta: {primary_key: true}, data_categories: [user.unique_id]}
          - {name: customer_id, data_categories: [user.unique_id], fides_meta: {references: [{dataset: shop, field: customers.id, direction: from}]}}
          - {name: total, data_categories: [user.financial]}
          - {name: placed_at, data_categories: [user.behavior.purchase_history]}
      - name: payments
        fields:
          - {name: id, fides_meta: {primary_key: true}, data_categories: [user.unique_id]}
          - {name: order_id, data_categories: [user.unique_id], fides_meta: {references: [{dataset: shop, field: orders.id, direction: from}]}}
          - {name: amount, data_categories: [user.financial]}
      - name: tickets
        fields:
          - {name: id, fides_meta: {primary_key: true}, data_categories: [user.unique_id]}
          - {name: customer_id, data_categories: [user.unique_id], fides_meta: {references: [{dataset: shop, field: customers.id, direction: from}]}}
          - {name: body, data_categories: [user.content]}
"""

SQL = """
CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL, name text, city text);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, total numeric(10,2), placed_at timestamptz);
CREATE TABLE payments (id int PRIMARY KEY, order_id int NOT NULL REFERENCES orders, amount numeric(10,2));
CREATE TABLE tickets (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, body text);
INSERT INTO customers SELECT n, 'user' || n || '@example.com', 'User ' || n, 'Berlin' FROM generate_series(1, 100000) n;
INSERT INTO orders SELECT n, 1 + n % 100000, n / 100.0, '2024-01-01Z'::timestamptz + n * interval '1 min' FROM generate_series(1, 500000) n;
INSERT INTO payments SELECT n, n, n / 100.0 FROM generate_series(1, 300000) n;
INSERT INTO tickets SELECT n, 1 + n % 100000, 'Ticket ' || n || ' ' || md5(n::text) FROM generate_series(1, 200000) n;
CREATE INDEX ON customers (lower(email));
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON payments (order_id);
CREATE INDEX ON tickets (customer_id);
"""


# Each question costs the server some of the time that is measured.
ASK_EVERY = 0.02


def submitted(server, right, first, count):
    people = [{"name": f"User {n}", "email": f"user{n}@example.com"} for n in range(first, first + count)]
    return [server.submit(right, person)[0] for person in people]


def settle(server):
    """The letters still on their way out would be timed as well."""
    wait_until(lambda: server.api.call("GET", "/v1/staff/metrics", server.staff)["jobs_ready"] == 0)


def queued(server, postgres, requests):
    """Seconds from the first approval to the last end; what it cost each in processor time, and how much the server grew."""
    memory, spent = server.memory("VmRSS"), (server.processor_ms(), postgres.processor_ms())
    began = time.perf_counter()
    server.approve_all(requests)
    left = lambda: server.api.call("GET", "/v1/staff/requests?state=fulfilling&limit=1", server.staff)["items"]
    while left():
        time.sleep(ASK_EVERY)
    seconds = time.perf_counter() - began
    settle(server)
    each = lambda now, before: round((now - before) / len(requests), 2)
    cost = {"server_ms": each(server.processor_ms(), spent[0]), "postgres_ms": each(postgres.processor_ms(), spent[1])}
    return seconds, cost | {"grown_mb": round(server.memory("VmRSS") - memory, 1)}


def main():
    one_by_one, many, erasures = (int(sys.argv[n]) if len(sys.argv) > n else d for n, d in ((1, 30), (2, 100), (3, 200)))
    with scratch() as folder:
        postgres = Postgres(folder)
        server = None
        try:
            postgres.psql("postgres", "CREATE DATABASE shop")
            postgres.psql("shop", SQL)
            postgres.psql("shop", "VACUUM ANALYZE")
            server = shop(folder, postgres, DATASET)
            requests = submitted(server, "access", 1, one_by_one + many)
            settle(server)
            milliseconds = []
            for request in requests[:one_by_one]:
                began = time.perf_counter()
                server.approve(request)
                wait_until(lambda: server.state(request) != "fulfilling")
                milliseconds.append((time.perf_counter() - began) * 1e3)
            milliseconds.sort()
            at = lambda share: round(milliseconds[math.ceil(len(milliseconds) * share) - 1], 1)
            print(json.dumps({"access_ms_median": at(0.5), "access_ms_p99": at(0.99), "of": one_by_one}), flush=True)
            seconds, cost = queued(server, postgres, requests[one_by_one:])
            print(json.dumps({"accesses_queued": many, "seconds": round(seconds, 2)} | cost), flush=True)
            requests = submitted(server, "deletion", 50_000, erasures)
            settle(server)
            seconds, cost = queued(server, postgres, requests)
            states = {server.state(request) for request in requests}
            left = postgres.psql("shop", f"SELECT count(*) FROM customers WHERE id >= 50000 AND id < {50_000 + erasures}")
            result = {"erasures_queued": erasures, "seconds": round(seconds, 2), "per_second": round(erasures / seconds)}
            print(json.dumps(result | {"states": sorted(states), "customers_left": int(left)} | cost))
        finally:
            if server:
                server.stop()
            postgres.stop()


if __name__ == "__main__":
    main()
