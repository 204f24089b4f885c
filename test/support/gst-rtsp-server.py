"""An RTSP camera made of GStreamer: one mount per H.264 profile, each a few seconds encoded at the start and sent in real time
in a loop. Prints one line of JSON, {"port": ..., "clips": {"main": [[sha256 of each slice of a picture], ...]}}, and runs until
its standard input ends.

Run it with Debian's /usr/bin/python3: only that has gi.
"""

import hashlib
import json
import re
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstApp, GstRtsp, GstRtspServer  # noqa: E402,F401

FPS = 25
SECONDS = 2
FRAMES = FPS * SECONDS
USER, PASSWORD = "viewer", "pass word"

ENCODE = (
    "videotestsrc num-buffers={frames} pattern=smpte ! video/x-raw,format=I420,width=320,height=240,framerate={fps}/1"
    " ! x264enc speed-preset=ultrafast tune=zerolatency key-int-max=25 dct8x8={dct8x8} cabac={cabac} option-string=sliced-threads=0"
    " ! video/x-h264,profile={profile},stream-format=byte-stream,alignment=au"
    " ! h264parse ! appsink name=out sync=false"
)
PROFILES = {
    "baseline": {"profile": "constrained-baseline", "dct8x8": "false", "cabac": "false"},
    "main": {"profile": "main", "dct8x8": "false", "cabac": "true"},
    "high": {"profile": "high", "dct8x8": "true", "cabac": "true"},
}
SERVE = (
    "appsrc name=video is-live=true format=time"
    " caps=video/x-h264,stream-format=byte-stream,alignment=au,profile={profile},width=320,height=240,framerate={fps}/1"
    " ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1 mtu=1200 aggregate-mode={aggregate}"
)
OPUS = " audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=1 ! opusenc frame-size=20 ! rtpopuspay name=pay1 pt=97"


def encode(profile):
    """The clip's access units, as bytes."""
    pipeline = Gst.parse_launch(ENCODE.format(frames=FRAMES, fps=FPS, **PROFILES[profile]))
    sink = pipeline.get_by_name("out")
    pipeline.set_state(Gst.State.PLAYING)
    units = []
    while (sample := sink.emit("pull-sample")) is not None:
        buffer = sample.get_buffer()
        units.append(buffer.extract_dup(0, buffer.get_size()))
    pipeline.set_state(Gst.State.NULL)
    if len(units) != FRAMES:
        raise RuntimeError(f"{profile}: {len(units)} access units instead of {FRAMES}")
    return units


def slices(unit):
    """SHA-256 of each NAL unit that holds a part of the picture."""
    nals = [nal.rstrip(b"\0") for nal in re.split(b"\0\0\1", unit)[1:]]
    return [hashlib.sha256(nal).hexdigest() for nal in nals if 1 <= nal[0] & 31 <= 5]


class Clip(GstRtspServer.RTSPMediaFactory):
    """Each client gets a feed of its own, which begins with the clip's first picture."""

    def __init__(self, launch, units):
        super().__init__()
        self.units = units
        self.set_launch(launch)
        self.set_shared(False)
        self.set_latency(0)
        self.connect("media-configure", self.configure)

    def configure(self, _factory, media):
        source = media.get_element().get_child_by_name("video")
        stop = threading.Event()
        media.connect("unprepared", lambda *_: stop.set())
        threading.Thread(target=self.feed, args=(source, stop), daemon=True).start()

    def feed(self, source, stop):
        index = 0
        while not stop.is_set():
            buffer = Gst.Buffer.new_wrapped(self.units[index % FRAMES])
            buffer.pts = buffer.dts = index * Gst.SECOND // FPS
            buffer.duration = Gst.SECOND // FPS
            # The pipeline's clock paces what leaves; this only keeps the queue short.
            if source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
                break
            index += 1
            stop.wait(1 / FPS)


def protect(server):
    auth = GstRtspServer.RTSPAuth.new()
    token = GstRtspServer.RTSPToken.new()
    token.set_string("media.factory.role", "user")
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest(USER, PASSWORD, token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions.new()
    for right in ("access", "construct"):
        permissions.add_permission_for_role("user", f"media.factory.{right}", True)
    return permissions


def main():
    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service("0")
    permissions = protect(server)

    def mount(path, launch, units):
        factory = Clip(launch, units)
        factory.set_permissions(permissions)
        server.get_mount_points().add_factory(path, factory)

    clips = {}
    for name, values in PROFILES.items():
        units = encode(name)
        clips[name] = [slices(unit) for unit in units]
        video = SERVE.format(fps=FPS, profile=values["profile"], aggregate="none")
        mount(f"/{name}", f"( {video} )", units)
        if name == "main":
            stapled = SERVE.format(fps=FPS, profile=values["profile"], aggregate="max-stap")
            mount("/opus", f"( {stapled} {OPUS} )", units)
    if server.attach(None) == 0:
        raise RuntimeError("no port to listen on")
    loop = GLib.MainLoop()
    print(json.dumps({"port": server.get_bound_port(), "clips": clips}), flush=True)
    # The parent holds the other end: when it goes, so does this.
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    loop.run()


main()
