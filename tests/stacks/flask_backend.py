from importlib.metadata import version

from flask import Flask, Response, jsonify, request
from werkzeug.serving import make_server

from store import FILES, announce, keep, records

app = Flask(__name__)


@app.get("/api/meetings/room/<room>")
def room(room):
    return jsonify(id=123, room=room)


@app.get("/metadata")
def metadata():
    return jsonify(records())


@app.post("/files/structured/<meeting>")
def upload(meeting):
    file = request.files["file"]
    return jsonify(keep(request.args["path"], file.filename, file.mimetype,
                        file.read())), 201


@app.get("/files/<int:number>/download")
def download(number):
    record, content = FILES[number - 1]
    return Response(content, mimetype=record["mimeType"])


@app.post("/webhooks/jitsi/recording")
def webhook():
    return "", 204


server = make_server("127.0.0.1", 0, app, threaded=True)
announce(f"Flask {version('flask')} (Werkzeug {version('werkzeug')})",
         server.server_port)
server.serve_forever()
