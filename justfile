# `just` lists what there is; `bin/test` runs everything that CI runs.

_default:
    @just --list

# Formats the code.
fmt:
    cargo fmt

# Warnings are errors, as in CI.
lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings

# Everything: format, lints, unit and integration tests, schemathesis.
test:
    bin/test

# The made-up company, ready to click through.
demo *ARGS:
    cargo run --release -- demo {{ARGS}}

# Writes openapi.yaml anew from the handlers.
openapi:
    HABEAS_WRITE_OPENAPI=1 cargo test --lib openapi

# Intake beside plain pgbench, access end to end, cold start, idle memory; see benches/README.md.
bench:
    benches/run
