from django.urls import path

from erasure.custodians.views import exemptions, outside, recipients, tasks, webhooks

app_name = "custodians"
urlpatterns = [
    path("", tasks.list_tasks, name="tasks"),
    path("<uuid:task>/", tasks.show, name="task"),
    path("<uuid:task>/identifiers/", tasks.identifiers, name="identifiers"),
    path("<uuid:task>/confirm/", tasks.confirm, name="confirm"),
    path("<uuid:task>/refuse/", tasks.refuse, name="refuse"),
    path("<uuid:task>/delay/", tasks.delay, name="delay"),
    path("<uuid:task>/send/", tasks.send, name="send"),
    path("<uuid:task>/impossible/", tasks.impossible, name="impossible"),
    path("<uuid:task>/evidence/<uuid:evidence>/", tasks.evidence, name="evidence"),
    path("callback/<uuid:task>/", outside.callback, name="callback"),
    path("notice/<str:secret>/", outside.notice, name="notice"),
    path("recipients/", recipients.list_recipients, name="recipients"),
    path("recipients/add/", recipients.recipient_add, name="recipient_add"),
    path("recipients/<int:pk>/", recipients.recipient, name="recipient"),
    path("recipients/<int:pk>/change/", recipients.recipient_change, name="recipient_change"),
    path("recipients/<int:pk>/end/", recipients.recipient_end, name="recipient_end"),
    path("recipients/<int:pk>/webhook/", webhooks.of_recipient, name="recipient_webhook"),
    path("recipients/<int:pk>/webhook/test/", webhooks.test_recipient, name="recipient_webhook_test"),
    path(
        "recipients/<int:pk>/webhook/remove/", webhooks.remove_of_recipient, name="recipient_webhook_remove"
    ),
    path("systems/<int:pk>/webhook/", webhooks.of_system, name="system_webhook"),
    path("systems/<int:pk>/webhook/test/", webhooks.test_system, name="system_webhook_test"),
    path("systems/<int:pk>/webhook/remove/", webhooks.remove_of_system, name="system_webhook_remove"),
    path("requests/<int:pk>/recipients/", recipients.name_recipients, name="name_recipients"),
    path("requests/<int:pk>/exceptions/<int:data_set>/", exemptions.exempt, name="exempt"),
    path("requests/<int:pk>/exceptions/<int:exemption>/withdraw/", exemptions.withdraw, name="withdraw"),
]
