# The exporter and nothing else: no shell, no package manager.
#
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg REVISION=$(git rev-parse --short=12 HEAD) .
#
# Each platform compiles for itself, on its own machine or emulated, so both images come from these same lines.

# Any image with this Rust toolchain and a C compiler.
ARG BUILD_IMAGE=docker.io/library/rust:1.95-slim-bookworm
# Any image with glibc no older than the build image's, libgcc_s and CA certificates.
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12:latest

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
# `dev` compiles faster, for a test of this file.
ARG PROFILE=release
ENV CARGO_INCREMENTAL=0

# The dependencies are a layer of their own, which lasts until one of them changes. Cargo wants every target that
# Cargo.toml names to be there.
COPY Cargo.toml Cargo.lock ./
COPY crates/eightxeight/Cargo.toml crates/eightxeight/
COPY crates/eightxeight-simulator/Cargo.toml crates/eightxeight-simulator/
COPY crates/exporter-toolkit/Cargo.toml crates/exporter-toolkit/
COPY crates/exposition/Cargo.toml crates/exposition/
COPY xtask/Cargo.toml xtask/
RUN mkdir -p xtask/src src benches tests/behaviour crates/eightxeight/src crates/eightxeight-simulator/src crates/exporter-toolkit/src crates/exposition/src \
    && for target in src/main.rs build.rs benches/decode.rs benches/exposition.rs benches/status.rs tests/behaviour/main.rs xtask/src/main.rs; do echo 'fn main() {}' >"$target"; done \
    && touch src/lib.rs crates/eightxeight/src/lib.rs crates/eightxeight-simulator/src/lib.rs crates/exporter-toolkit/src/lib.rs crates/exposition/src/lib.rs \
    && cargo build --locked --profile "$PROFILE"

COPY build.rs ./
COPY crates crates
COPY src src
COPY templates templates
COPY grafana grafana
# The context has no .git to ask.
ARG REVISION=unknown
# Cargo goes by time, and the stand-ins above are younger than the sources.
RUN touch build.rs src/main.rs src/lib.rs crates/*/src/lib.rs \
    && EIGHTXEIGHT_REVISION="$REVISION" cargo build --locked --profile "$PROFILE" \
    && install -D target/*/eightxeight-exporter /image/usr/bin/eightxeight-exporter

FROM ${BASE_IMAGE}
ARG REVISION=unknown
ARG VERSION=unknown
ARG REPOSITORY=unknown
LABEL org.opencontainers.image.title="eightxeight-exporter" \
      org.opencontainers.image.description="Prometheus exporter for the 8x8 Work Analytics company summary" \
      org.opencontainers.image.url="${REPOSITORY}" \
      org.opencontainers.image.source="${REPOSITORY}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY LICENSE /usr/share/doc/eightxeight-exporter/LICENSE
COPY --from=build /image/ /
# By number, so that Kubernetes can see that it isn't root. It writes no file: the root may be read-only.
USER 65532:65532
EXPOSE 10888
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s CMD ["/usr/bin/eightxeight-exporter", "health"]
ENTRYPOINT ["/usr/bin/eightxeight-exporter"]
