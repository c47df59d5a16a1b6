"""The wheel: the apps, with the templates and static files of the checkout inside `cutroom`.

A host project takes the apps it wants (docs/integrate.md). Nothing is called `config`, `templates` or `tests`
there, so nothing of its own is hidden.
"""

from setuptools import find_packages, setup

APPS = ("cutroom", "tenants", "accounts", "metering", "billing", "gdpr", "rendering")
# Django finds both in the directory of an installed app.
LAID_IN = {"cutroom.templates": "templates", "cutroom.static": "static"}

setup(
    packages=[*find_packages(include=[pattern for app in APPS for pattern in (app, f"{app}.*")]), *LAID_IN],
    package_dir=LAID_IN,
    package_data={"": ["**/*"]},
    exclude_package_data={"": ["**/*.pyc", "*.pyc"]},
)
