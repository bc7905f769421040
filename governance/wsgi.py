"""The console for a WSGI server. It does not start half-configured."""

import os

from django.core.wsgi import get_wsgi_application

from governance import environment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
environment.require()

application = get_wsgi_application()
