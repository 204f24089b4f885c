import type { Vendor } from "../probe/probed-camera.ts";

/** Where makers put what a camera shows. */
export interface VendorRoutes {
  /** RTSP: paths with their query. */
  readonly streams: readonly string[];
  /** HTTP: addresses of a JPEG picture. */
  readonly pictures: readonly string[];
  /** HTTP: an address that wants a login and changes nothing, to see whether a login is right. */
  readonly guarded: readonly string[];
}

/** A path that no camera has: one that plays it plays everything to everybody. https://github.com/Ullaakut/cameradar (its dummy route) */
export const dummyStream = "/0x8b6c42";

/**
 * Streams: https://github.com/Ullaakut/cameradar (internal/dict/assets/routes), captures of https://github.com/scottlamb/retina (src/client/testdata).
 * Pictures and guarded addresses: the makers' own interfaces, as spoken in https://github.com/koush/scrypted (plugins hikvision, amcrest, reolink).
 */
const routes: Readonly<Record<Vendor, VendorRoutes>> = {
  hikvision: {
    streams: ["/Streaming/Channels/101", "/h264/ch1/main/av_stream"],
    pictures: ["/ISAPI/Streaming/channels/101/picture"],
    guarded: ["/ISAPI/System/deviceInfo"],
  },
  dahua: {
    streams: ["/cam/realmonitor?channel=1&subtype=0", "/live"],
    pictures: ["/cgi-bin/snapshot.cgi"],
    guarded: ["/cgi-bin/magicBox.cgi?action=getDeviceType"],
  },
  reolink: {
    streams: ["/h264Preview_01_main", "/Preview_01_main"],
    pictures: ["/cgi-bin/api.cgi?cmd=Snap&channel=0"],
    guarded: [],
  },
  axis: {
    streams: ["/axis-media/media.amp"],
    pictures: ["/axis-cgi/jpg/image.cgi"],
    guarded: ["/axis-cgi/param.cgi?action=list&group=Brand"],
  },
  tapo: { streams: ["/stream1", "/stream8"], pictures: [], guarded: [] },
  wyze: { streams: ["/live"], pictures: [], guarded: [] },
  foscam: { streams: ["/videoMain"], pictures: ["/cgi-bin/CGIProxy.fcgi?cmd=snapPicture2"], guarded: [] },
  other: {
    streams: ["/11", "/live/ch00_0", "/onvif1"],
    pictures: ["/snapshot.jpg", "/tmpfs/auto.jpg"],
    guarded: [],
  },
};

export const vendorRoutes = (vendor: Vendor): VendorRoutes => routes[vendor];
