"""The test settings without our squash: dj-stripe's own migrations, as a plain installation has them."""

from config.settings.test import *  # noqa: F403  # settings modules are stacked

del MIGRATION_MODULES["djstripe"]  # noqa: F405  # from base
