# What the image is. `make image` builds it without a container engine: it reads these lines, and leaves in target/image what is copied.
# With an engine: make image && docker build --file Dockerfile target/image
FROM scratch
LABEL org.opencontainers.image.title="Lamplighter"
LABEL org.opencontainers.image.description="Voice-mail configuration as Kubernetes resources: message waiting lamps from git"
LABEL org.opencontainers.image.version="0.1.0"
LABEL org.opencontainers.image.licenses="Apache-2.0"
COPY system/ /
COPY --chown=65532:65532 data/ /data/
ENV PATH="/usr/bin"
ENV HOME="/data"
ENV XDG_STATE_HOME="/data"
# SQLite and the cryptography allocate by the C library: memory that one thread has given back is there for the others.
ENV MALLOC_ARENA_MAX="2"
# A number, so that `runAsNonRoot` can tell.
USER 65532:65532
EXPOSE 8080/tcp 5060/udp 5060/tcp 5061/tcp
ENTRYPOINT ["/usr/bin/lamplighter"]
