#!/usr/bin/env bash
# Holds a package to the Frictionless Data Package standard: a demo server answers an access, and the `frictionless`
# tool checks description, types, lengths and hashes of what it sent, and of packages of odd values that `cargo test` left
# in target/tmp. Needs target/debug/habeas; listens on the loopback and stops what it started.
#
#   HABEAS=path  another binary
set -euo pipefail
cd "$(dirname "$0")/.."

habeas=$(realpath "${HABEAS:-target/debug/habeas}")
venv=$PWD/target/frictionless
[ -x "$habeas" ] || { echo "$habeas is not there: run 'cargo test' or 'cargo build' first" >&2; exit 1; }

if ! { [ -x "$venv/bin/frictionless" ] && cmp -s tests/frictionless.txt "$venv/installed.txt"; }; then
    rm -rf "$venv"
    /usr/bin/python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement tests/frictionless.txt
    cp tests/frictionless.txt "$venv/installed.txt"
fi

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

port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$habeas" demo --dir "$scratch/demo" --listen "127.0.0.1:$port" >"$scratch/server.log" 2>&1 &
server=$!

# Asks, confirms with the mailed code, approves and releases, as the people of the demo would.
/usr/bin/python3 - "http://127.0.0.1:$port" "$scratch" <<'PYTHON'
import json, pathlib, re, sys, time, urllib.error, urllib.request, zipfile

url, scratch = sys.argv[1], pathlib.Path(sys.argv[2])


def call(method, path, token=None, body=None):
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url + path, data, headers, method=method), timeout=10) as answer:
        return answer.read()


def until(what, ready):
    for _ in range(300):
        try:
            if (found := ready()) is not None:
                return found
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit(f"{what}: not within 30 seconds")


until("the server is ready", lambda: call("GET", "/health/ready"))
person = {"name": "Ada Example", "email": "ada@example.com"}
submitted = json.loads(call("POST", "/v1/requests", body={"controller": "shop", "rights": ["access"], "person": person}))
token, request = submitted["token"], submitted["requests"][0]["id"]


def code():
    for mail in (scratch / "demo" / "mail").glob("**/*.eml"):
        if found := re.search(r"^\s*(\d{6})\s*$", mail.read_text(errors="replace"), re.MULTILINE):
            return found[1]


call("POST", f"/v1/requests/{request}/verification/confirmation", token, {"code": until("the mailed code", code)})
sign_in = {"email": "olivia.officer@shop.example", "password": "demo-officer"}
staff = json.loads(call("POST", "/v1/staff/session", body=sign_in))["token"]
call("POST", f"/v1/staff/requests/{request}/approval", staff, {})
state = lambda: json.loads(call("GET", f"/v1/staff/requests/{request}", staff))["state"]
until("the package is made", lambda: True if state() == "awaiting_release" else None)
call("POST", f"/v1/staff/requests/{request}/release", staff, {})
package = scratch / "package.zip"
package.write_bytes(call("GET", f"/v1/requests/{request}/package", token))
zipfile.ZipFile(package).extractall(scratch / "package")
PYTHON

validate() {
    cd "$1"
    "$venv/bin/frictionless" validate datapackage.json
    sha256sum --quiet --check SHA256SUMS
}

(validate "$scratch/package")

# What the tests left: values of every engine that are hard to describe.
for package in target/tmp/odd-*.zip; do
    [ -e "$package" ] || { echo "no packages of odd values: run 'cargo test --test it described' first" >&2; exit 1; }
    name=$(basename "$package" .zip)
    /usr/bin/python3 -m zipfile --extract "$package" "$scratch/$name"
    (validate "$scratch/$name")
done
