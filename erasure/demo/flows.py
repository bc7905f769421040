"""Which job of the company writes what from where, column by column."""

from __future__ import annotations

from dataclasses import dataclass

from erasure.demo import exports, features, lake, page_views

SHOP, EXPORTS = "Chinook shop", "Chinook exports"
MAIL = "https://mail.example.com"  # the mailing partner's service, as its data sets are named
RECIPIENTS, CAMPAIGNS = "newsletter.recipients", "campaigns.countries"

IDENTITY, TRANSFORMATION, AGGREGATION = "IDENTITY", "TRANSFORMATION", "AGGREGATION"


@dataclass(frozen=True)
class Place:
    """A data set of one of the estate's systems, or of the partner."""

    system: str
    data_set: str


@dataclass(frozen=True)
class Flow:
    """Content of a column of `source` gets into the job's `column`. With `masking` it cannot be told from it."""

    column: str
    source: Place
    source_column: str
    subtype: str = IDENTITY
    expression: str = ""
    masking: bool = False


@dataclass(frozen=True)
class Job:
    name: str
    description: str
    target: Place
    flows: tuple[Flow, ...]

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys(flow.column for flow in self.flows))

    @property
    def places(self) -> list[Place]:
        return [self.target, *(flow.source for flow in self.flows)]


CUSTOMER, INVOICE = Place(SHOP, "public.customer"), Place(SHOP, "public.invoice")
TOPIC = Place(page_views.SYSTEM, page_views.TOPIC)
SIGNUPS, VIEWS = Place(lake.SYSTEM, lake.SIGNUPS), Place(lake.SYSTEM, lake.VIEWS)
FEATURES = Place(features.SYSTEM, features.VIEW)
SERVED = Place(features.SYSTEM, f"{features.VIEW} (online)")
READERS, COUNTRIES = Place(lake.SYSTEM, lake.READERS), Place(lake.SYSTEM, lake.COUNTRIES)


def _same(source: Place, *columns: str) -> tuple[Flow, ...]:
    return tuple(Flow(column, source, column) for column in columns)


JOBS = (
    Job(
        "exports.purchases",
        "Writes each line of an invoice with its customer for the analysts.",
        Place(EXPORTS, exports.PURCHASES),
        (
            *_same(CUSTOMER, "customer_id", "email", "first_name", "last_name", "country"),
            *_same(INVOICE, "invoice_id", "invoice_date"),
        ),
    ),
    Job(
        "lake.load_page_views",
        "Copies the topic into the lake as it is.",
        VIEWS,
        _same(TOPIC, "email", "ip", "url", "at"),
    ),
    Job(
        "lake.clean_readers",
        "One row for each reader, and a hash to join by.",
        READERS,
        (
            Flow("email", SIGNUPS, "email", TRANSFORMATION, "lower(trim(email))"),
            Flow("email_hash", SIGNUPS, "email", TRANSFORMATION, "sha256(lower(trim(email)))", masking=True),
            Flow("first_name", SIGNUPS, "name", TRANSFORMATION, "split_part(name, ' ', 1)"),
            Flow("country", SIGNUPS, "country", TRANSFORMATION, "initcap(country)"),
            Flow("signed_up_on", SIGNUPS, "signed_up_at", TRANSFORMATION, "cast(signed_up_at as date)"),
        ),
    ),
    Job(
        "lake.count_readers",
        "How many readers each country has.",
        COUNTRIES,
        (
            Flow("country", READERS, "country"),
            Flow("readers", READERS, "email", AGGREGATION, "count(email)", masking=True),
        ),
    ),
    Job(
        "newsletter.send",
        "Hands the addresses to the mailing partner.",
        Place(MAIL, RECIPIENTS),
        _same(READERS, "email"),
    ),
    Job(
        "newsletter.plan_campaigns",
        "Tells the mailing partner where readers are.",
        Place(MAIL, CAMPAIGNS),
        _same(COUNTRIES, "country", "readers"),
    ),
)

# The job that builds the features sends no events: an engineer says where they come from.
DECLARED = {
    FEATURES: (
        *_same(READERS, "email", "country"),
        Flow("days_subscribed", READERS, "signed_up_on", TRANSFORMATION),
        Flow("page_views", VIEWS, "email", AGGREGATION, masking=True),
    ),
    SERVED: _same(FEATURES, "email", "country", "days_subscribed", "page_views"),
}
