# Uses only basic features, so that it builds with docker, podman and buildah.
FROM docker.io/library/python:3.13-slim-trixie AS build

# CHARTS=no leaves out the library that draws charts.
ARG CHARTS=yes
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
# Dependencies first, so that a change to the code doesn't reinstall them.
COPY requirements/build.txt requirements/run.txt requirements/run-charts.txt requirements/
RUN test "$CHARTS" = yes -o "$CHARTS" = no || { echo "CHARTS should be yes or no." >&2; exit 1; } \
    && if [ "$CHARTS" = yes ]; then locked=run-charts.txt; else locked=run.txt; fi \
    && pip install --require-hashes --only-binary :all: --requirement requirements/build.txt \
    && python -m venv --without-pip /opt/bolt-bot \
    && pip --python /opt/bolt-bot/bin/python install --require-hashes --only-binary :all: --requirement "requirements/$locked"
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
# Built with the backend that's installed above, so that nothing is downloaded without a hash.
RUN pip wheel --no-build-isolation --no-deps --wheel-dir /wheels . \
    && pip --python /opt/bolt-bot/bin/python install --no-index --no-deps /wheels/*.whl \
    && /opt/bolt-bot/bin/python -m compileall -q /opt/bolt-bot/lib


FROM docker.io/library/python:3.13-slim-trixie

# From here on, neither pip nor a login shell is needed. /data also belongs to the root group, because OpenShift runs
# containers as a user of its own choosing in that group.
RUN pip uninstall --yes --quiet pip \
    && groupadd --gid 10001 bolt \
    && useradd --uid 10001 --gid bolt --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin bolt \
    && install --directory --owner bolt --group root --mode 0770 /data
COPY --from=build /opt/bolt-bot /opt/bolt-bot

# HOME, because a library asks for it, and the user that OpenShift chooses has none.
ENV PATH=/opt/bolt-bot/bin:$PATH \
    HOME=/nonexistent \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BOLT_BOT_DATA_DIR=/data \
    BOLT_BOT_LOG_FORMAT=json
USER 10001:10001
WORKDIR /data
# Holds the embedded Redis; unused if REDIS_URL is set. Everything else can be read-only (docker run --read-only --tmpfs
# /tmp).
VOLUME /data
EXPOSE 8080
# Checks that the bot is alive, not that it's ready: a bot that waits for Slack must not be restarted. Podman and buildah
# keep this only in Docker's format (--format docker).
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 CMD ["bolt-bot", "healthcheck"]
# The bot handles SIGTERM itself and takes up to 20 s: allow 30 (docker run --stop-timeout 30).
STOPSIGNAL SIGTERM
ENTRYPOINT ["bolt-bot"]
CMD ["run"]
# Last, because they change with every build.
ARG VERSION=
ARG REVISION=
ENV BOLT_BOT_REVISION=$REVISION
LABEL org.opencontainers.image.title="bolt-bot" \
    org.opencontainers.image.description="Start, follow, cancel and understand Paradime Bolt runs from Slack." \
    org.opencontainers.image.licenses="Apache-2.0 AND OFL-1.1" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$REVISION"
