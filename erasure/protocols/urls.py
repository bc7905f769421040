"""Pages of staff, and the doors of programs outside under the paths that their protocols name."""

from django.urls import path

from erasure.protocols.drp import views as drp
from erasure.protocols.opendsr import views as opendsr
from erasure.protocols.views import controllers, senders

app_name = "protocols"
urlpatterns = [
    path("", senders.received, name="received"),
    path("received/<uuid:received>/deny/", senders.deny, name="deny"),
    path("agents/", senders.agents, name="agents"),
    path("agents/add/", senders.agent_add, name="agent_add"),
    path("agents/<int:pk>/", senders.agent, name="agent"),
    path("agents/<int:pk>/change/", senders.agent_change, name="agent_change"),
    path("agents/<int:pk>/end/", senders.agent_end, name="agent_end"),
    path("business/", senders.business, name="business"),
    path("controllers/", controllers.controllers, name="controllers"),
    path("controllers/add/", controllers.controller_add, name="controller_add"),
    path("controllers/<int:pk>/", controllers.controller, name="controller"),
    path("controllers/<int:pk>/renew/", controllers.controller_renew, name="controller_renew"),
    path("controllers/<int:pk>/end/", controllers.controller_end, name="controller_end"),
    path("certificate/", controllers.certificate, name="certificate"),
    path("drp/business.json", drp.business, name="drp_business"),
    path("drp/v1/data-rights-request", drp.exercise, name="drp_exercise"),
    # With the slash that versions before 0.9.3 had.
    path("drp/v1/data-rights-request/", drp.exercise, name="drp_exercise_slash"),
    path("drp/v1/data-rights-request/<uuid:request_id>", drp.status, name="drp_status"),
    path("drp/v1/agent/<str:agent_id>", drp.agent, name="drp_agent"),
    path("opendsr/v2/discovery", opendsr.discovery, name="opendsr_discovery"),
    path("opendsr/v2/certificate.pem", opendsr.certificate, name="opendsr_certificate"),
    path("opendsr/v2/requests", opendsr.requests, name="opendsr_requests"),
    path("opendsr/v2/requests/<str:subject_request_id>", opendsr.one, name="opendsr_request"),
    path("opendsr/v2/requests/<str:subject_request_id>/results", opendsr.results, name="opendsr_results"),
    # The text of the specification has /status among the endpoints, and describes it as the one above.
    path("opendsr/v2/status/<str:subject_request_id>", opendsr.one, name="opendsr_status"),
    # As the protocol was called before: section 10.1.
    path("opendsr/v2/opengdpr_requests", opendsr.requests, name="opengdpr_requests"),
    path("opendsr/v2/opengdpr_requests/<str:subject_request_id>", opendsr.one, name="opengdpr_request"),
]
