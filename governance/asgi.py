"""The console for an ASGI server. It does not start half-configured."""

import os

from django.core.asgi import get_asgi_application

from governance import environment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
environment.require()

application = get_asgi_application()
