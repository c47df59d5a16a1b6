# One image for every role; deploy/entry starts it. Built by: docker build -t cutroom .
FROM python:3.11-slim-bookworm AS packages
WORKDIR /app
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir "uv==0.13.*"
COPY requirements.txt .
RUN .venv/bin/uv pip install --no-cache --compile-bytecode --python .venv/bin/python -r requirements.txt

FROM python:3.11-slim-bookworm
# tini is process 1: it passes signals on, and reaps what a killed media process leaves.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /app --no-create-home cutroom \
    && install -d -o cutroom -g cutroom /app/var
WORKDIR /app
COPY --from=packages /app/.venv .venv
COPY . .
# The root file system may be read-only: only /app/var and /tmp are written to.
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings.base \
    CUTROOM_VAR=/app/var \
    PROMETHEUS_MULTIPROC_DIR=/tmp/metrics \
    WORKER_PORT=9100
# Static files need no secret; the settings only insist that each variable exists.
RUN SECRET_KEY=- JWT_SECRET=- SITE_URL=https://build.invalid ALLOWED_HOSTS=- MAGIC_LINK_FROM=- \
    DATABASE_URL=postgres://- DATABASE_OPS_URL=postgres://- DATABASE_OWNER_URL=postgres://- REDIS_URL=redis://- \
    python manage.py collectstatic --noinput && python -m compileall -q .
USER 10001
VOLUME /app/var
EXPOSE 8000 9100
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["deploy/healthy"]
# A worker that gets SIGTERM hands its running steps on and is gone in seconds; so is the web.
STOPSIGNAL SIGTERM
ENTRYPOINT ["tini", "--", "deploy/entry"]
CMD ["web"]
