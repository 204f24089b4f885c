"""An RTSP camera that plays one GStreamer pipeline, live, to whoever comes.

The pipeline is a line of standard input, its payloader named pay0. Standard output is one line: the port. Ends with its standard
input. Run it with Debian's /usr/bin/python3: only that has gi.
"""

import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

Gst.init(None)
loop = GLib.MainLoop()
factory = GstRtspServer.RTSPMediaFactory.new()
factory.set_launch(sys.stdin.readline())
server = GstRtspServer.RTSPServer.new()
server.set_address("127.0.0.1")
server.set_service("0")
server.get_mount_points().add_factory("/live", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
loop.run()
