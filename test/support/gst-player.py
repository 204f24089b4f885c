"""A player made of GStreamer. Its options are one line of JSON on standard input:

  pipeline  in the language of gst-launch, with an rtspsrc in it; it has to end by itself

It plays to the end, then sends PAUSE and TEARDOWN, each when the one before was answered. gst-launch does not wait: it closes while
PAUSE is being written, at times cancels that, and then complains of an end of file that nobody sent. Standard output is that of the
pipeline; the status is 1, with the reason on standard error, when anything complains or something stays out for long.

Run it with Debian's /usr/bin/python3: only that has gi.
"""

import json
import os
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

PATIENCE = 30 * Gst.SECOND
Kind = Gst.MessageType


def wait_for(bus, what, wanted):
    while True:
        message = bus.timed_pop_filtered(PATIENCE, Kind.EOS | Kind.ERROR | Kind.WARNING | Kind.PROGRESS)
        if message is None:
            sys.exit(f"{what} did not come")
        if message.type == Kind.ERROR:
            sys.exit(f"error before {what}: {message.parse_error()}")
        if message.type == Kind.WARNING:
            sys.exit(f"warning before {what}: {message.parse_warning()}")
        if wanted(message):
            return


def completes(code):
    def is_it(message):
        if message.type != Kind.PROGRESS:
            return False
        kind, told, _ = message.parse_progress()
        return kind == Gst.ProgressType.COMPLETE and told == code

    return is_it


def main():
    Gst.init(None)
    player = Gst.parse_launch(json.loads(sys.stdin.readline())["pipeline"])
    bus = player.get_bus()
    player.set_state(Gst.State.PLAYING)
    wait_for(bus, "the end", lambda message: message.type == Kind.EOS)
    player.set_state(Gst.State.PAUSED)
    wait_for(bus, "the answer to PAUSE", completes("request"))
    player.set_state(Gst.State.READY)
    wait_for(bus, "the answer to TEARDOWN", completes("close"))
    sys.stdout.flush()
    # Its threads may be waiting for each other, and there is nothing to be saved.
    os._exit(0)


main()
