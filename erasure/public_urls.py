from django.urls import path

from erasure.public import agents, asking, confirming, fetching, following, opting_out

app_name = "public"
urlpatterns = [
    path("", asking.ask, name="request"),
    path("received/", asking.received, name="received"),
    path("agent/", agents.agent, name="agent"),
    path("agent/received/", agents.agent_received, name="agent_received"),
    path("opt-out/", opting_out.opt_out, name="opt_out"),
    path("opt-out/done/", opting_out.opted_out, name="opted_out"),
    path("opt-out/signal/", opting_out.signal, name="signal"),
    path("confirm/<str:secret>/", confirming.confirm, name="confirm"),
    path("code/<str:ticket>/", confirming.code, name="code"),
    path("status/<str:token>/", following.state, name="status"),
    path("status/<str:token>/message/", following.message, name="message"),
    path("status/<str:token>/withdraw/", following.take_back, name="withdraw"),
    path("status/<str:token>/appeal/", following.disagree, name="appeal"),
    path("status/<str:token>/package/", following.package_again, name="package_again"),
    path("package/file/<str:ticket>/", fetching.package_file, name="package_file"),
    path("package/<str:secret>/", fetching.package, name="package"),
]
