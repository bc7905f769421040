"""A search sees what the catalog knows: so tables that came since the last scan are read into it first."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from catalog.crawling import crawl
from catalog.models import EXTERNAL, System
from erasure.estate import Connections

FRESH_FOR = timedelta(minutes=15)


def read_structure(connections: Connections) -> None:
    """Crawl every system whose structure was last read too long ago, or never. Raises ConnectorError.

    New columns are unreviewed, so they count as personal and are searched.
    """
    stale = Q(crawled_at=None) | Q(crawled_at__lt=timezone.now() - FRESH_FOR)
    for system in System.objects.filter(stale).exclude(kind=EXTERNAL):
        crawl(system, connections.to(system))
