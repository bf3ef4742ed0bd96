import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.urls import path

from store import FILES, announce, keep, records

PAGE = 10

settings.configure(ROOT_URLCONF=sys.modules[__name__], ALLOWED_HOSTS=["*"],
                   SECRET_KEY="-", MIDDLEWARE=[])
django.setup()


def room(request, room):
    return JsonResponse({"id": "123", "room": room})


def metadata(request):
    """Paged as Django REST framework does it."""
    number = int(request.GET.get("p", 1))
    found = records()
    link = request.build_absolute_uri(
        f"{request.path}?referenceId=123&p={number + 1}")
    return JsonResponse({
        "count": len(found),
        "next": link if number * PAGE < len(found) else None,
        "results": found[(number - 1) * PAGE:number * PAGE],
    })


def upload(request, meeting):
    file = request.FILES["file"]
    return JsonResponse(keep(request.GET["path"], file.name,
                             file.content_type, file.read()), status=201)


def download(request, number):
    record, content = FILES[number - 1]
    return HttpResponse(content, content_type=record["mimeType"])


def webhook(request):
    return HttpResponse("")


urlpatterns = [
    path("api/meetings/room/<str:room>", room),
    path("metadata", metadata),
    path("files/structured/<str:meeting>", upload),
    path("files/<int:number>/download", download),
    path("webhooks/jitsi/recording", webhook),
]


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


server = make_server("127.0.0.1", 0, get_wsgi_application(),
                     handler_class=Quiet)
announce(f"Django {django.get_version()}", server.server_port)
server.serve_forever()
