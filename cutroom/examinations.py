"""What the doctor looks at on the ground floor: settings, database, Redis, clock, disk, workers."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator

import redis
from celery import current_app
from django.core import checks
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from cutroom import conf, queues
from cutroom.checks import weakness
from cutroom.doctor import Finding, broken, examination, note, ok

OLDEST_POSTGRES = 15
LEAST_FREE_RATIO = 0.1
LEAST_FREE_BYTES = 2 * 1024**3
LARGEST_SKEW_SECONDS = 2.0
PATIENCE_SECONDS = 3.0

_ROLES = {"default": "DATABASE_URL", "ops": "DATABASE_OPS_URL", "owner": "DATABASE_OWNER_URL"}


@examination("settings")
def settings() -> Iterator[Finding]:
    """Every system check of Django and of the apps; those for production only there."""
    is_production = conf.is_production()
    messages = checks.run_checks(include_deployment_checks=is_production, databases=["default"])
    grave = [message for message in messages if message.level >= checks.WARNING and not message.is_silenced()]
    for message in grave:
        yield broken(f"{message.msg} ({message.id})", cure=message.hint or "See docs/deployment.md.")
    if not grave:
        yield ok("Every start-up check passes.")
    if not is_production:
        yield note("These are development settings; the checks for production were left out.")


@examination("secrets")
def secrets() -> Iterator[Finding]:
    """Present, long, random, and each its own."""
    values = {}
    for name, value, shortest in conf.secrets():
        values[name] = value
        if value and (reason := weakness(value, shortest=shortest)):
            yield broken(f"{name} {reason}.", cure=f"Set {name} to the output of: openssl rand -base64 48")
    if values["SECRET_KEY"] == values["JWT_SECRET"]:
        yield broken("SECRET_KEY and JWT_SECRET are the same.", cure="Give JWT_SECRET a value of its own.")
    elif not any(value and weakness(value, shortest=shortest) for _, value, shortest in conf.secrets()):
        yield ok("Secrets are long, random and different.")
    if conf.is_production() and not conf.metrics_token():
        cure = "Set METRICS_TOKEN, and give it to Prometheus."
        yield note("METRICS_TOKEN is empty: /metrics answers this machine only.", cure=cure)


@examination("database")
def database() -> Iterator[Finding]:
    """Every role can sign in, each is another one, and the server is new enough."""
    users = {}
    for alias, variable in _ROLES.items():
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT current_user, current_setting('server_version_num')::int / 10000")
                users[alias], version = cursor.fetchone()
        except Exception as error:  # psycopg, its pool and Django each have their own
            kind = type(error).__name__
            cure = f"Is PostgreSQL running? Check host, user and password in {variable}."
            yield broken(f"{variable}: no connection ({kind}).", cure=cure)
            continue
        if version < OLDEST_POSTGRES:
            cure = f"Upgrade to PostgreSQL {OLDEST_POSTGRES} or newer."
            yield broken(f"{variable} points at PostgreSQL {version}.", cure=cure)
    if len(set(users.values())) < len(users):
        cure = "Make the four roles of docs/deployment.md, and give each URL its own."
        yield broken("Several database URLs use the same role.", cure=cure)
    elif len(users) == len(_ROLES):
        yield ok(f"Signed in as {', '.join(users.values())}.")


@examination("migrations")
def migrations() -> Iterator[Finding]:
    """The schema is that of this code."""
    loader = MigrationLoader(connections["owner"])
    missing = sorted(set(loader.graph.nodes) - set(loader.applied_migrations))
    if missing:
        names = ", ".join(f"{app}.{name}" for app, name in missing[:5])
        says = f"{len(missing)} migrations are not applied: {names}."
        yield broken(says, cure="Run: python manage.py migrate")
    else:
        yield ok("All migrations are applied.")


@examination("clock")
def clock() -> Iterator[Finding]:
    """This machine and the database agree on the time: tokens and links are judged by both."""
    with connections["default"].cursor() as cursor:
        before = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        there = float(cursor.fetchone()[0])
        here = (before + time.time()) / 2
    skew = here - there
    if abs(skew) > LARGEST_SKEW_SECONDS:
        direction = "ahead of" if skew > 0 else "behind"
        cure = "Let both machines follow time servers: chrony or systemd-timesyncd."
        yield broken(f"This machine's clock is {abs(skew):.0f} s {direction} the database's.", cure=cure)
    else:
        yield ok(f"The clocks differ by {abs(skew) * 1000:.0f} ms.")


@examination("redis")
def redis_server() -> Iterator[Finding]:
    """It answers, and throws no message away for want of memory."""
    client = redis.Redis.from_url(conf.redis_url(), socket_timeout=PATIENCE_SECONDS)
    try:
        policy = _eviction_policy(client)
    except RedisError as error:
        cure = "Start Redis, and check REDIS_URL."
        yield broken(f"Redis does not answer ({type(error).__name__}).", cure=cure)
        return
    finally:
        client.close()
    if policy not in ("noeviction", ""):
        cure = "Set `maxmemory-policy noeviction` in redis.conf: the queue must not be evicted."
        yield broken(f"Redis evicts keys when memory is short ({policy}).", cure=cure)
    else:
        yield ok("Redis answers and evicts nothing.")


@examination("disk")
def disk() -> Iterator[Finding]:
    """There is room where this machine writes."""
    place = conf.var_dir()
    place.mkdir(parents=True, exist_ok=True)
    usage = shutil.disk_usage(place)
    says = (
        f"{usage.free / 1024**3:.0f} GB of the disk under {place} are free, {usage.free / usage.total:.0%}."
    )
    cure = "Make room under CUTROOM_VAR, or enlarge the disk; see docs/runbooks/disk-full.md."
    if usage.free < LEAST_FREE_BYTES:
        yield broken(says, cure=cure)
    elif usage.free / usage.total < LEAST_FREE_RATIO:
        yield note(says, cure=cure)
    else:
        yield ok(says)


@examination("workers")
def workers() -> Iterator[Finding]:
    """Each queue has somebody who listens."""
    try:
        answers = current_app.control.inspect(timeout=PATIENCE_SECONDS).active_queues() or {}
    except (OSError, RedisError, OperationalError) as error:
        yield broken(
            f"Workers cannot be asked ({type(error).__name__}).", cure="See the finding about Redis."
        )
        return
    heard = {queue["name"] for rows in answers.values() for queue in rows}
    if deaf := [name for name in queues.ALL if name not in heard]:
        cure = "Start a worker: celery -A config worker. Without --queues it listens to all."
        yield broken(f"No worker listens to {', '.join(deaf)}.", cure=cure)
    else:
        yield ok(f"{len(answers)} workers listen to all {len(queues.ALL)} queues.")


def _eviction_policy(client: redis.Redis) -> str:
    client.ping()
    # Hosted Redis often forbids CONFIG; INFO tells the same.
    return str(client.info("memory").get("maxmemory_policy", ""))
