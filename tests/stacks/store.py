"""What the Python backends share: files in memory, and their records."""
import os
import sys
import threading
from datetime import datetime, timezone

FILES = []


def announce(name, port):
    """Tell who started us where we are, and end with them."""
    print(f"{name} http://127.0.0.1:{port}", flush=True)

    def wait():
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def keep(folder, filename, kind, content):
    record = {
        "id": len(FILES) + 1, "filename": filename, "path": folder + filename,
        "mimeType": kind, "size": len(content),
        "uploadedAt": datetime.now(timezone.utc).isoformat(),
    }
    FILES.append((record, content))
    return record


def records():
    return [record for record, _ in FILES]
