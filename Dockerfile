# One binary with SQLite and libpq inside. The image has that, certificates, and nothing to log in to.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The cache mounts keep crates and objects from build to build; the binary is copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin habeas && cp target/release/habeas /habeas

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin habeas \
    && install --directory --owner=habeas --group=habeas --mode=0700 /data
COPY --from=build /habeas /usr/local/bin/habeas
COPY LICENSE /usr/share/doc/habeas/LICENSE
USER 10001
# habeas.toml, key, database, mails and packages; paths in the configuration are relative to it.
WORKDIR /data
VOLUME /data
ENV HABEAS_SERVER__LISTEN=0.0.0.0:8080
EXPOSE 8080
# No HEALTHCHECK: there is no HTTP client in the image. Let the orchestrator ask /health/live and /health/ready.
ENTRYPOINT ["habeas"]
CMD ["serve"]
