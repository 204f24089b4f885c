"""GStreamer's RTSP server, passing one camera on to any number of readers. Its input: the camera's URL, user and password, in one line."""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

Gst.init(None)
url, user, password = sys.stdin.readline().split()
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    f'( rtspsrc location="{url}" user-id="{user}" user-pw="{password}" protocols=tcp latency=0 '
    "! rtph264depay ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
)
factory.set_shared(True)
factory.set_latency(0)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
server.get_mount_points().add_factory("/camera", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
