from django.apps import AppConfig


class AnswersConfig(AppConfig):
    name = "erasure.answers"
    label = "answers"
    verbose_name = "Answers"
