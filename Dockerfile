# One image for every role: web (default), worker, beat, migrations. Built by `docker build -t cutroom .`
FROM python:3.11-slim-bookworm AS packages
WORKDIR /app
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir uv
COPY requirements.txt .
RUN .venv/bin/uv pip install --no-cache --compile-bytecode --python .venv/bin/python -r requirements.txt

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app --no-create-home cutroom \
    && install -d -o cutroom -g cutroom /app/var
WORKDIR /app
COPY --from=packages /app/.venv .venv
COPY . .
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings.base \
    CUTROOM_VAR=/app/var \
    REMAP_SIGTERM=SIGQUIT
# Static files need no secret; the settings only insist that each variable exists.
RUN SECRET_KEY=- JWT_SECRET=- SITE_URL=https://build.invalid ALLOWED_HOSTS=- MAGIC_LINK_FROM=- \
    DATABASE_URL=postgres://- DATABASE_OPS_URL=postgres://- DATABASE_OWNER_URL=postgres://- REDIS_URL=redis://- \
    python manage.py collectstatic --noinput
USER cutroom
VOLUME /app/var
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/livez', timeout=2)"]
# worker: celery -A config worker    beat: celery -A config beat    migrations: python manage.py migrate --database=owner
CMD ["uvicorn", "config.asgi:application", "--host=0.0.0.0", "--port=8000", "--lifespan=off", "--no-access-log", "--proxy-headers"]
