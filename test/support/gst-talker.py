"""An ONVIF client made of GStreamer, which says 440 Hz. Its options are one line of JSON on standard input:

  location         of the stream: rtsp or rtsps
  user, password   the login
  protocols        "tcp" or "udp"

It talks from the first picture on until its standard input ends. It writes {"pictures": true} with that picture, and {"error": ...} when
it fails, or finds no way back.

Run it with Debian's /usr/bin/python3: only that has gi.
"""

import ctypes
import json
import os
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import GLib, Gst, GstApp  # noqa: E402,F401

gstreamer = ctypes.CDLL("libgstreamer-1.0.so.0")
VOICE = (
    "audiotestsrc is-live=true freq=440 volume=0.8 samplesperbuffer=160 ! audio/x-raw,rate=8000,channels=1 ! mulawenc"
    " ! rtppcmupay min-ptime=20000000 max-ptime=20000000 ! appsink name=out emit-signals=true sync=false"
)


def say(**line):
    print(json.dumps(line), flush=True)


class Talker:
    def __init__(self, options):
        self.back = None
        self.seen = False
        self.player = Gst.Pipeline.new()
        self.source = Gst.ElementFactory.make("rtspsrc")
        for name, value in {
            "location": options["location"],
            "user-id": options["user"],
            "user-pw": options["password"],
            "protocols": options["protocols"],
            "latency": 0,
            # GStreamer cannot pin a key, and knows no authority for it.
            "tls-validation-flags": 0,
            "backchannel": "onvif",
        }.items():
            Gst.util_set_object_arg(self.source, name, str(value))
        self.source.connect("select-stream", self.select)
        self.source.connect("pad-added", self.play)
        self.player.add(self.source)
        self.voice = Gst.parse_launch(VOICE)
        self.voice.get_by_name("out").connect("new-sample", self.pass_on)
        bus = self.player.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", lambda _, message: say(error=str(message.parse_error())))
        self.player.set_state(Gst.State.PLAYING)

    def select(self, _, index, caps):
        if caps.get_structure(0).has_field("a-sendonly"):
            self.back = index
        return True

    def play(self, _, pad):
        sink = Gst.ElementFactory.make("fakesink")
        sink.set_property("signal-handoffs", True)
        sink.connect("handoff", self.see)
        self.player.add(sink)
        sink.sync_state_with_parent()
        pad.link(sink.get_static_pad("sink"))

    def see(self, *_):
        # Called by the thread that hands pictures over, which must not wait for a change of state.
        if not self.seen:
            self.seen = True
            GLib.idle_add(self.talk)

    def talk(self):
        if self.back is None:
            say(error="there is no way back")
        else:
            say(pictures=True)
            self.voice.set_state(Gst.State.PLAYING)
        return False

    def pass_on(self, sink):
        sample = sink.emit("pull-sample")
        # rtspsrc takes the reference that it is given, which Python does not know.
        gstreamer.gst_mini_object_ref(ctypes.c_void_p(hash(sample)))
        return self.source.emit("push-backchannel-sample", self.back, sample)


def main():
    Gst.init(None)
    _talker = Talker(json.loads(sys.stdin.readline()))
    loop = GLib.MainLoop()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    loop.run()
    # Its threads may be waiting for each other, and there is nothing to be saved.
    os._exit(0)


main()
