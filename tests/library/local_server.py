"""A server on this machine that misbehaves as asked."""

import contextlib
import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lrcourse.datasets.downloads import File, Mirror

NOBODY = "http://127.0.0.1:9"  # the discard port: nothing listens there


class Server:
    """Serve `content` under every path; the path says how badly.

    /good, /404, /silent (sends a part and then nothing), /drip (slowly), /short (a part
    of what its length promises), /other (as long, but not it), /longer, /page (a web
    page of unknown length), /login (a web page), /endless, /whole (knows no ranges), /far
    (refuses ranges).
    """

    def __init__(self, content):
        self.content = content
        self.requests = []  # path and range of each
        self.closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests.append((self.path, self.headers["Range"]))
                with contextlib.suppress(ConnectionError):
                    outer.answer(self)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=[0.01], daemon=True).start()

    def close(self):
        self.closing.set()
        self.http.shutdown()
        self.http.server_close()

    def answer(self, handler):
        behaviour, content = handler.path.split("/")[1], self.content
        asked = handler.headers["Range"]
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        if behaviour == "404":
            return handler.send_error(404)
        if asked and (behaviour == "far" or (behaviour == "good" and start >= len(content))):
            return handler.send_error(416)
        if behaviour == "other":
            content = bytes(len(content))
        elif behaviour == "longer":
            content += b"and more"
        elif behaviour in ("page", "login"):
            content = b"<html>Please log in to this network.</html>"
        if behaviour in ("whole", "page", "login", "endless"):
            start = 0
        handler.send_response(206 if start else 200)
        if behaviour not in ("page", "endless"):
            handler.send_header("Content-Length", str(len(content) - start))
        handler.end_headers()
        return self.send(behaviour, content[start:], handler.wfile)

    def send(self, behaviour, content, stream):
        if behaviour in ("short", "silent"):
            stream.write(content[: len(content) // 2])
            stream.flush()
            if behaviour == "silent":
                self.closing.wait(30)
        elif behaviour == "drip":
            for start in range(0, len(content), 20_000):
                stream.write(content[start : start + 20_000])
                stream.flush()
                time.sleep(0.05)
        elif behaviour == "endless":
            while not self.closing.is_set():
                stream.write(content)
        else:
            stream.write(content)

    def mirror(self, path, checksum=None):
        """Return the mirror with this behaviour; a path with :// is an address of its own."""
        address = path if "://" in path else self.address + path
        known = checksum or hashlib.sha256(self.content).hexdigest()
        return Mirror(address, known, len(self.content))

    def file(self, *paths, name="data.bin", checksum=None):
        return File(name, tuple(self.mirror(path, checksum) for path in paths))
