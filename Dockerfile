# Uses only basic features, so that it builds with docker, podman and buildah.
FROM docker.io/library/python:3.13-slim-trixie AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
# Dependencies first, so that a change of the code doesn't reinstall them.
COPY requirements/run.txt requirements/run.txt
RUN python -m venv --without-pip /opt/bolt-bot \
    && pip --python /opt/bolt-bot/bin/python install --require-hashes --only-binary :all: --requirement requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
RUN pip --python /opt/bolt-bot/bin/python install --no-deps . \
    && /opt/bolt-bot/bin/python -m compileall -q /opt/bolt-bot/lib


FROM docker.io/library/python:3.13-slim-trixie

# From here on, neither pip nor a login shell is needed.
RUN pip uninstall --yes --quiet pip \
    && groupadd --gid 10001 bolt \
    && useradd --uid 10001 --gid bolt --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin bolt \
    && install --directory --owner bolt --group bolt --mode 0700 /data
COPY --from=build /opt/bolt-bot /opt/bolt-bot

ENV PATH=/opt/bolt-bot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BOLT_BOT_DATA_DIR=/data \
    BOLT_BOT_LOG_FORMAT=json
USER 10001:10001
WORKDIR /data
# Holds the embedded Redis; unused if REDIS_URL is set. The rest may be read-only in either case (docker run --read-only
# --tmpfs /tmp).
VOLUME /data
EXPOSE 8080
# Checks that it's alive, not ready: a bot that waits for Slack must not be restarted.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 CMD ["bolt-bot", "healthcheck"]
# The bot handles SIGTERM itself and takes up to 20 s: allow 30 (docker run --stop-timeout 30).
STOPSIGNAL SIGTERM
ENTRYPOINT ["bolt-bot"]
CMD ["run"]
