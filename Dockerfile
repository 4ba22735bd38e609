# Plain steps only: it builds with docker, podman and buildah alike.
FROM docker.io/library/python:3.13-slim-trixie AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
# What changes seldom first, so that a change of the code does not install it all again.
COPY requirements/run.txt requirements/run.txt
RUN python -m venv --without-pip /opt/bolt-bot \
    && pip --python /opt/bolt-bot/bin/python install --require-hashes --only-binary :all: --requirement requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
RUN pip --python /opt/bolt-bot/bin/python install --no-deps . \
    && /opt/bolt-bot/bin/python -m compileall -q /opt/bolt-bot/lib


FROM docker.io/library/python:3.13-slim-trixie

# Neither pip nor a shell of the user's is needed from here on.
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
# Holds the embedded Redis. With REDIS_URL set nothing is written to it. The rest may be read-only in either case
# (docker run --read-only --tmpfs /tmp): the list of fonts of the pictures goes to /tmp, else to /dev/shm.
VOLUME /data
EXPOSE 8080
# Alive, not ready: a bot that waits for Slack to come back must not be restarted. No proxy for the loopback address.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open(f\"http://127.0.0.1:{os.environ.get('BOLT_BOT_ADMIN_PORT') or os.environ.get('BOLT_BOT_HTTP_PORT') or 8080}/healthz\", timeout=4)"]
# The bot hears SIGTERM itself and takes up to 20 s: give it 30 (docker run --stop-timeout 30).
STOPSIGNAL SIGTERM
ENTRYPOINT ["bolt-bot"]
CMD ["run"]
