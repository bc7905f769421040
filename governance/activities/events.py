from audit.ledger.events import Event, Fact

ORGANISATION_CHANGED = Event(
    "organisation.changed", "changed the controller's details", {"fields": Fact.LIST}
)
ACTIVITY_ADDED = Event("activity.added", "added a processing activity", {"lawful_basis": Fact.WORD})
ACTIVITY_CHANGED = Event("activity.changed", "changed a processing activity", {"fields": Fact.LIST})
ACTIVITY_REMOVED = Event("activity.removed", "removed a processing activity")
PROCESSING_ADDED = Event("processing.added", "recorded processing on behalf of a controller")
PROCESSING_CHANGED = Event(
    "processing.changed", "changed processing on behalf of a controller", {"fields": Fact.LIST}
)
PROCESSING_REMOVED = Event("processing.removed", "removed processing on behalf of a controller")
