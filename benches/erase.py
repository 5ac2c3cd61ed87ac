#!/usr/bin/env python3
"""One person with very many rows: the deletion, from approval to the answer, and how much memory it took.

usage: erase.py [ROWS] [leaf|parent]     prints one line of JSON

`leaf`: nothing points to the rows. `parent`: rows of another table do, so that what refers to them is looked for.
"""

import json
import sys
import time

from export import DATASET, DETAILS, PERSON, fill
from stage import Postgres, scratch, shop

DONE = {"fulfilled", "partially_fulfilled", "awaiting_release", "denied"}


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    shape = sys.argv[2] if len(sys.argv) > 2 else "leaf"
    with scratch() as folder:
        postgres = Postgres(folder)
        server = None
        try:
            fill(postgres, rows)
            if shape == "leaf":
                postgres.psql("shop", "DROP TABLE details")
            server = shop(folder, postgres, DATASET + (DETAILS if shape == "parent" else ""))
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
            left = postgres.psql("shop", "SELECT count(*) FROM events WHERE customer_id = 1")
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
