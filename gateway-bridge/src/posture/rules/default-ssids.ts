/**
 * Names that routers come with. Each is told by its maker's labels and manuals; together they are in public lists of default names, such as WiGLE's
 * statistics (https://wigle.net/stats#ssidstats). A name that somebody may well choose (`Home`) is not here.
 */
const patterns: readonly RegExp[] = [
  /^TP-?LINK_[\dA-F]{4,6}(?:_5G)?$/i,
  /^NETGEAR\d{0,2}(?:-5G|-Guest)?$/i,
  /^ORBI\d{2}$/i,
  /^linksys(?:\d{5})?(?:_5GHz)?$/i,
  /^dlink(?:-[\dA-F]{4})?(?:-5GHz)?$/i,
  /^ASUS(?:_[\dA-F]{2})?(?:_5G)?$/i,
  /^FRITZ!Box( Fon WLAN)? \d{4}(?: [A-Z]{2})?$/i,
  /^o2-WLAN\d{2,3}$/i,
  /^WLAN-\d{6}$/i,
  /^EasyBox-[\dA-F]{6}$/i,
  /^Vodafone-[\dA-F]{4,6}$/i,
  /^VodafoneConnect\d{6,8}$/i,
  /^BT(?:Hub\d-[\dA-Z]{4}|HomeHub-[\dA-F]{4}|-[\dA-Z]{6})$/i,
  /^SKY[\dA-Z]{5}$/,
  /^TALKTALK-?[\dA-F]{6}$/i,
  /^VM\d{7}$/i,
  /^virginmedia\d{7}$/i,
  /^PLUSNET-[\dA-Z]{4,6}$/i,
  /^EE-[\dA-Z]{6}$/i,
  /^Livebox-[\dA-F]{4}$/i,
  /^(?:Bbox|SFR|NEUF)[-_][\dA-F]{4,8}$/i,
  /^freebox_[A-Z]{6}$/i,
  /^Ziggo\d{5,7}$/i,
  /^KPN[\dA-F]{6}$/i,
  /^MOVISTAR_(?:PLUS_)?[\dA-F]{4}$/i,
  /^ATT(?=.*\d)[\dA-Za-z]{7}$/,
  /^2WIRE\d{3}$/,
  /^xfinitywifi$/i,
  /^HOME-[\dA-F]{4}(?:-5)?$/i,
  /^(?:Spectrum|MySpectrumWiFi)[\dA-F]{2,4}-?(?:2G|5G)?$/i,
  /^Verizon_[\dA-Z]{6}$/i,
  /^FiOS-[\dA-Z]{5}$/i,
  /^TELUS\d{4}$/i,
  /^BELL\d{3}$/i,
  /^HUAWEI-[\dA-Z]{4,6}$/i,
  /^ZTE_[\dA-F]{6}$/i,
  /^Tenda_[\dA-F]{6}$/i,
  /^Xiaomi_[\dA-F]{4}(?:_5G)?$/i,
  /^belkin\.[\dA-F]{3}$/i,
];

/** Whether a Wi-Fi network still has the name that its router came with. */
export const isDefaultSsid = (ssid: string): boolean => patterns.some((pattern) => pattern.test(ssid.slice(0, 32)));
