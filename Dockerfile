# descry: one static-runtime Swift binary on Debian 12 slim. Build: docker build --tag registry.example.com/descry:0.1.0 .
# It runs as a numeric user, with a read-only root file system; it writes to --cache and /tmp only (deploy/base mounts both).
# scripts/check-image says whether this file keeps to that, and whether the packages below give the binary all it needs.

FROM swift:6.3-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends libgit2-dev libyaml-dev pkg-config make binutils \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# The dependencies' own layer: they change less often than the sources.
COPY Package.swift ./
RUN swift package resolve
COPY Makefile ./
COPY Sources Sources
COPY Tests Tests
COPY scripts scripts
RUN make release && cp "$(swift build --configuration release --show-bin-path)/descry" /descry

FROM debian:12-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends libgit2-1.5 libyaml-0-2 openssh-client git ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 65532 descry \
 && useradd --uid 65532 --gid 65532 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin descry
COPY --from=build --chmod=0755 /descry /usr/local/bin/descry
# ssh asks for the user's entry in /etc/passwd, and Kubernetes' runAsNonRoot for a number.
USER 65532:65532
ENV HOME=/tmp
WORKDIR /tmp
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/descry"]
CMD ["--help"]
