#!/usr/bin/env python3
"""One person with very many rows: the deletion, from approval to the answer, and how much memory it took.

usage: erase.py [ROWS] [leaf|parent|masked|keyed]     prints one line of JSON

`leaf`: nothing points to the rows. `parent`: rows of another table do, so that what refers to them is looked for. `masked`: the rows stay and lose what
tells of the person. `keyed`: so too, and one column of them gets a mask that is each row's own.
"""

import json
import sys
import time

from export import DATASET, DETAILS, PERSON, fill
from stage import Postgres, scratch, shop

MASKED = """dataset:
  - fides_key: shop
    collections:
      - name: customers
        fides_meta: {masking_strategy_override: {strategy: string_rewrite, configuration: {rewrite_value: masked}}}
        fields:
          - {name: id, fides_meta: {primary_key: true}, data_categories: [user.unique_id]}
          - {name: email, fides_meta: {identity: email}, data_categories: [user.contact.email]}
          - {name: name, data_categories: [user.name]}
      - name: events
        fides_meta: {masking_strategy_override: {strategy: null_rewrite}}
        fields:
          - {name: id, fides_meta: {primary_key: true}, data_categories: [system.operations]}
          - name: customer_id
            data_categories: [user.unique_id]
            fides_meta: {references: [{dataset: shop, field: customers.id, direction: from}]}
          - {name: kind, data_categories: [system.operations]}
          - {name: amount, data_categories: [user.financial]}
          - {name: note, data_categories: [user.content]}
          - {name: created_at, data_categories: [system.operations]}
"""

KEYED = MASKED.replace("{name: note, ", "{name: note, fides_meta: {masking_strategy_override: {strategy: hmac}}, ")

DONE = {"fulfilled", "partially_fulfilled", "awaiting_release", "denied"}


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    shape = sys.argv[2] if len(sys.argv) > 2 else "leaf"
    with scratch() as folder:
        postgres = Postgres(folder)
        server = None
        try:
            fill(postgres, rows)
            if shape != "parent":
                postgres.psql("shop", "DROP TABLE details")
            datasets = {"leaf": DATASET, "parent": DATASET + DETAILS, "masked": MASKED, "keyed": KEYED}
            server = shop(folder, postgres, datasets[shape])
            others = "SELECT md5(string_agg(e::text, ',' ORDER BY id)) FROM events e WHERE customer_id <> 1"
            before = postgres.psql("shop", others)
            request, _ = server.submit("deletion", PERSON)
            time.sleep(5)
            idle = server.memory("VmRSS")
            server.forget_peak()
            server.api.connection.close()  # the server may have closed it in the pause
            spent = server.processor_ms(), postgres.processor_ms()
            began = time.perf_counter()
            server.approve(request)
            while server.state(request) not in DONE:
                time.sleep(0.05)
            taken, peak = time.perf_counter() - began, server.memory("VmHWM")
            told = "customer_id = 1" if shape in ("leaf", "parent") else "amount IS NOT NULL OR note LIKE 'note %'"
            left = postgres.psql("shop", f"SELECT count(*) FROM events WHERE customer_id = 1 AND ({told})")
            if postgres.psql("shop", others) != before:
                sys.exit("rows of others have changed")
            result = {"rows": rows, "shape": shape, "seconds": round(taken, 2), "rows_left": int(left), "state": server.state(request)}
            cost = {"server_s": server.processor_ms() - spent[0], "postgres_s": postgres.processor_ms() - spent[1]}
            memory = {"idle_mb": round(idle, 1), "over_idle_mb": round(peak - idle, 1)}
            print(json.dumps(result | {name: round(ms / 1e3, 2) for name, ms in cost.items()} | memory), flush=True)
        finally:
            if server:
                server.stop()
            postgres.stop()


if __name__ == "__main__":
    main()
