app_name = "erasure"
urlpatterns: list = []
