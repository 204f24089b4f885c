"""An RTSP camera made of GStreamer. Its options are one line of JSON on standard input:

  mounts     names like "main", "h265", "main-aac", "opus" (aggregated H.264 with Opus), "talk-pcmu" (H.264, and a way back)
  transport  "any", "tcp" or "udp": what SETUP may ask for
  srtp       whether the media is SRTP, keyed by MIKEY
  tls        PEM of a certificate and its key, or null

Only what the mounts ask for is encoded, a few seconds of it, and sent in real time in a loop. Standard output begins with a line
{"port": ..., "clips": {"main": [[sha256 of each slice of a picture], ...]}, "sounds": {"aac": [sha256 of each frame]}}; then comes
a line {"mount": ..., "heard": base64} for every buffer that somebody says to a mount with a way back. Ends with its standard input.

Run it with Debian's /usr/bin/python3: only that has gi.
"""

import base64
import hashlib
import json
import re
import sys
import threading
import time
from collections import namedtuple

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstApp, GstRtsp, GstRtspServer  # noqa: E402,F401

FPS = 25
SECONDS = 2
USER, PASSWORD = "viewer", "pass word"

# Encoded units, as bytes; how they are described; and nanoseconds of each.
Clip = namedtuple("Clip", "units caps duration")

PICTURES = f"videotestsrc num-buffers={FPS * SECONDS} pattern=smpte ! video/x-raw,format=I420,width=320,height=240,framerate={FPS}/1"
H264 = (
    PICTURES + " ! x264enc speed-preset=ultrafast tune=zerolatency key-int-max=25 dct8x8={dct8x8} cabac={cabac}"
    " option-string=sliced-threads=0 ! video/x-h264,profile={profile},stream-format=byte-stream,alignment=au ! h264parse"
)
VIDEO = {
    "baseline": H264.format(profile="constrained-baseline", dct8x8="false", cabac="false"),
    "main": H264.format(profile="main", dct8x8="false", cabac="true"),
    "high": H264.format(profile="high", dct8x8="true", cabac="true"),
    "h265": PICTURES + " ! x265enc speed-preset=ultrafast tune=zerolatency key-int-max=25 log-level=none"
    " ! video/x-h265,stream-format=byte-stream,alignment=au ! h265parse",
}
TONE = "audiotestsrc num-buffers={buffers} samplesperbuffer={samples} freq=440 volume=0.5 ! audio/x-raw,rate={rate},channels=1"
# 20 ms each, but AAC: 1024 samples.
TELEPHONE = TONE.format(buffers=50 * SECONDS, samples=160, rate=8000)
SOUND = {
    "aac": (TONE.format(buffers=32, samples=1024, rate=16000) + " ! avenc_aac bitrate=32000 ! aacparse", 64_000_000),
    "l16": (TONE.format(buffers=50 * SECONDS, samples=320, rate=16000) + " ! audioconvert ! audio/x-raw,format=S16BE", 20_000_000),
    "opus": (TONE.format(buffers=50 * SECONDS, samples=960, rate=48000) + " ! opusenc frame-size=20", 20_000_000),
    "pcma": (TELEPHONE + " ! alawenc", 20_000_000),
    "pcmu": (TELEPHONE + " ! mulawenc", 20_000_000),
}
SOURCE = "appsrc name={name} is-live=true format=time"
# Who sets up the way back alone leaves the picture's end unlinked. Without this, that is an error of the whole pipeline, after which,
# depending on which thread is quicker, nothing that is said is played.
UNHEARD = "errorignore ignore-notlinked=true convert-to=ok"
ONE_FRAME = "min-ptime=20000000 max-ptime=20000000"
PAY_SOUND = {
    "aac": "rtpmp4gpay",
    "l16": f"rtpL16pay {ONE_FRAME}",
    "opus": "rtpopuspay",
    "pcma": f"rtppcmapay {ONE_FRAME}",
    "pcmu": f"rtppcmupay {ONE_FRAME}",
}
PAYLOAD_TYPE = {"pcmu": 0, "pcma": 8}
# The way back, ONVIF Streaming 5.3.
BACK = {
    "pcmu": ("payload=0,clock-rate=8000,encoding-name=PCMU", "rtppcmudepay"),
    "pcma": ("payload=8,clock-rate=8000,encoding-name=PCMA", "rtppcmadepay"),
    "l16": ("payload=100,clock-rate=16000,encoding-name=L16,channels=(int)1,encoding-params=(string)1", "rtpL16depay"),
}
TRANSPORTS = {
    "any": GstRtsp.RTSPLowerTrans.UDP | GstRtsp.RTSPLowerTrans.TCP,
    "tcp": GstRtsp.RTSPLowerTrans.TCP,
    "udp": GstRtsp.RTSPLowerTrans.UDP,
}


def encode(description, duration):
    pipeline = Gst.parse_launch(f"{description} ! appsink name=out sync=false")
    sink = pipeline.get_by_name("out")
    pipeline.set_state(Gst.State.PLAYING)
    units, caps = [], None
    while (sample := sink.emit("pull-sample")) is not None:
        buffer = sample.get_buffer()
        units.append(buffer.extract_dup(0, buffer.get_size()))
        caps = sample.get_caps()
    pipeline.set_state(Gst.State.NULL)
    if not units:
        raise RuntimeError(f"nothing came out of {description}")
    return Clip(units, caps, duration)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def slices(unit, name):
    """SHA-256 of each NAL unit that holds a part of the picture."""
    nals = [nal.rstrip(b"\0") for nal in re.split(b"\0\0\1", unit)[1:]]
    if name == "h265":
        return [sha256(nal) for nal in nals if nal[0] >> 1 & 63 < 32]
    return [sha256(nal) for nal in nals if 1 <= nal[0] & 31 <= 5]


def say(**line):
    print(json.dumps(line), flush=True)


def feed(source, clip, stop):
    begun = time.monotonic()
    index = 0
    while not stop.is_set():
        buffer = Gst.Buffer.new_wrapped(clip.units[index % len(clip.units)])
        buffer.pts = buffer.dts = index * clip.duration
        buffer.duration = clip.duration
        # The pipeline's clock paces what leaves; this only keeps the queue short. Each is handed over when it is due, however late the one before
        # was: on a busy box a thread that waits anew each time falls behind for good, and the sound, which has more units, behind the picture.
        if source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
            break
        index += 1
        stop.wait(max(0, begun + index * clip.duration / Gst.SECOND - time.monotonic()))


class Server:
    """Each client gets feeds of its own, which begin with the clips' first units."""

    def __init__(self, options):
        self.options = options
        self.clips = {}
        # Of all the servers only ONVIF's refuses a way back that it has not: RFC 2326 12.32.
        self.server = GstRtspServer.RTSPOnvifServer.new()
        self.server.set_address("127.0.0.1")
        self.server.set_service("0")
        self.permissions = self.protect()
        for name in options["mounts"]:
            self.mount(name)
        if self.server.attach(None) == 0:
            raise RuntimeError("no port to listen on")

    def protect(self):
        auth = GstRtspServer.RTSPAuth.new()
        token = GstRtspServer.RTSPToken.new()
        token.set_string("media.factory.role", "user")
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(USER, PASSWORD, token)
        if self.options["tls"] is not None:
            auth.set_tls_certificate(Gio.TlsCertificate.new_from_pem(self.options["tls"], -1))
        self.server.set_auth(auth)
        permissions = GstRtspServer.RTSPPermissions.new()
        for right in ("access", "construct"):
            permissions.add_permission_for_role("user", f"media.factory.{right}", True)
        return permissions

    def clip(self, name):
        if name not in self.clips:
            description, duration = SOUND[name] if name in SOUND else (VIDEO[name], Gst.SECOND // FPS)
            self.clips[name] = encode(description, duration)
        return self.clips[name]

    def mount(self, name):
        first, _, second = {"opus": "main-opus"}.get(name, name).partition("-")
        video, sound, back = ("main", None, second) if first == "talk" else (first, second or None, None)
        coding = "h265" if video == "h265" else "h264"
        aggregate = "max-stap" if name == "opus" else "none"
        launch = (
            f"{SOURCE.format(name='video')} ! {UNHEARD} ! {coding}parse"
            f" ! rtp{coding}pay name=pay0 pt=96 config-interval=-1 mtu=1200 aggregate-mode={aggregate}"
        )
        feeds = {"video": self.clip(video)}
        if sound is not None:
            pay = f"{PAY_SOUND[sound]} name=pay1 pt={PAYLOAD_TYPE.get(sound, 97)} mtu=1200"
            launch += f" {SOURCE.format(name='sound')} ! {pay}"
            feeds["sound"] = self.clip(sound)
        factory = self.factory(f"( {launch} )", back)
        factory.connect("media-configure", lambda _, media: self.configure(name, media, feeds))
        self.server.get_mount_points().add_factory(f"/{name}", factory)

    def factory(self, launch, back):
        factory = GstRtspServer.RTSPOnvifMediaFactory.new()
        factory.set_launch(launch)
        if back is not None:
            caps, depay = BACK[back]
            factory.set_backchannel_launch(
                f'( capsfilter caps="application/x-rtp,media=audio,{caps}" name=depay_backchannel'
                f" ! {depay} ! appsink name=back emit-signals=true sync=false async=false )"
            )
        factory.set_media_gtype(GstRtspServer.RTSPOnvifMedia.__gtype__)
        factory.set_shared(False)
        factory.set_latency(0)
        factory.set_protocols(TRANSPORTS[self.options["transport"]])
        factory.set_profiles(GstRtsp.RTSPProfile.SAVP if self.options["srtp"] else GstRtsp.RTSPProfile.AVP)
        factory.set_permissions(self.permissions)
        return factory

    def configure(self, name, media, feeds):
        element = media.get_element()
        stop = threading.Event()
        media.connect("unprepared", lambda *_: stop.set())
        for part, clip in feeds.items():
            source = element.get_by_name(part)
            source.set_property("caps", clip.caps)
            threading.Thread(target=feed, args=(source, clip, stop), daemon=True).start()
        if (back := element.get_by_name("back")) is not None:
            back.connect("new-sample", lambda sink: self.hear(name, sink))

    def hear(self, name, sink):
        buffer = sink.emit("pull-sample").get_buffer()
        say(mount=name, heard=base64.b64encode(buffer.extract_dup(0, buffer.get_size())).decode())
        return Gst.FlowReturn.OK

    def ready(self):
        say(
            port=self.server.get_bound_port(),
            clips={name: [slices(unit, name) for unit in clip.units] for name, clip in self.clips.items() if name in VIDEO},
            sounds={name: [sha256(unit) for unit in clip.units] for name, clip in self.clips.items() if name in SOUND},
        )


def main():
    Gst.init(None)
    server = Server(json.loads(sys.stdin.readline()))
    loop = GLib.MainLoop()
    server.ready()
    # The parent holds the other end: when it goes, so does this.
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    loop.run()


main()
