from catalog.models import *
def test_x(scanned):
    for c in Column.objects.all(): print(c, c.category, c.confidence, c.contains, c.sampled, c.distinct)
    for l in Link.objects.all(): print(l, l.follow)
    assert 0
