#!/usr/bin/env bash
# Holds a demo server to openapi.yaml: schemathesis makes requests up from it, good and bad ones, and every answer must
# be one that the document allows. Needs target/debug/habeas; listens on the loopback and stops what it started.
#
#   HABEAS=path              another binary
#   SCHEMATHESIS_EXAMPLES=n  requests made up for each operation and phase (default 20)
#   SCHEMATHESIS_SECONDS=n   the longest that the whole run may take (default 600)
# Arguments are handed on to `schemathesis run`.
set -euo pipefail
cd "$(dirname "$0")/.."

habeas=$(realpath "${HABEAS:-target/debug/habeas}")
examples=${SCHEMATHESIS_EXAMPLES:-20}
seconds=${SCHEMATHESIS_SECONDS:-600}
venv=$PWD/target/schemathesis
# A member of the demo company's staff; `habeas demo` prints the sign-ins.
email=${SCHEMATHESIS_EMAIL:-olivia.officer@shop.example}
password=${SCHEMATHESIS_PASSWORD:-demo-officer}

[ -x "$habeas" ] || { echo "$habeas is not there: run 'cargo test' or 'cargo build' first" >&2; exit 1; }

scratch=$(mktemp -d)
server=
cleanup() {
    local status=$?
    trap - EXIT
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    if [ "$status" -ne 0 ] && [ -s "$scratch/server.log" ]; then
        echo "-- the server's last lines" >&2
        tail -n 40 "$scratch/server.log" >&2
    fi
    cd / && rm -rf "$scratch"
    exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

install_schemathesis() {
    if [ -x "$venv/bin/schemathesis" ] && cmp -s tests/schemathesis.txt "$venv/installed.txt"; then
        return
    fi
    rm -rf "$venv"
    /usr/bin/python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement tests/schemathesis.txt
    cp tests/schemathesis.txt "$venv/installed.txt"
}

free_port() {
    /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Asks for 30 seconds at most; gives up at once when the server has died.
wait_until_ready() {
    local _
    for _ in $(seq 300); do
        curl --silent --fail --max-time 2 --output /dev/null "$1/health/ready" && return
        kill -0 "$server" 2>/dev/null || { echo "the server ended before it was ready" >&2; return 1; }
        sleep 0.1
    done
    echo "the server was not ready after 30 seconds" >&2
    return 1
}

staff_token() {
    printf '{"email":"%s","password":"%s"}' "$email" "$password" |
        curl --silent --show-error --fail-with-body --max-time 10 --header 'content-type: application/json' \
            --data-binary @- "$1/v1/staff/session" |
        /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])'
}

install_schemathesis
url="http://127.0.0.1:$(free_port)"
"$habeas" demo --dir "$scratch/demo" --listen "${url#http://}" >"$scratch/server.log" 2>&1 &
server=$!
wait_until_ready "$url"
token=$(staff_token "$url")

# What a schema cannot say, the server may still refuse: which controllers, laws and rights there are, which cursor a
# list gave. So a body that fits its schema need not be accepted; all other checks hold.
# Seeded and without a memory of earlier runs, so that a run can be repeated; in the scratch folder, because it leaves a
# cache where it runs.
cd "$scratch"
timeout --kill-after=10 "$seconds" "$venv/bin/schemathesis" run "$url/openapi.yaml" \
    --checks all \
    --exclude-checks positive_data_acceptance \
    --max-examples "$examples" \
    --seed "${SCHEMATHESIS_SEED:-1}" \
    --generation-database none \
    --request-timeout 10 \
    --header "Authorization: Bearer $token" \
    "$@"

# A server that fell over after its last answer has not passed.
kill -0 "$server"
