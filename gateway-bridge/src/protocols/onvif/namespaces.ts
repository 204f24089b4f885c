/** XML namespaces of SOAP 1.2, WS-Security, WS-Addressing, WS-Notification and ONVIF. */
export const namespaces = {
  soap: "http://www.w3.org/2003/05/soap-envelope",
  addressing: "http://www.w3.org/2005/08/addressing",
  wsSecurity: "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
  wsSecurityUtility: "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
  notification: "http://docs.oasis-open.org/wsn/b-2",
  schema: "http://www.onvif.org/ver10/schema",
  device: "http://www.onvif.org/ver10/device/wsdl",
  media: "http://www.onvif.org/ver10/media/wsdl",
  media2: "http://www.onvif.org/ver20/media/wsdl",
  events: "http://www.onvif.org/ver10/events/wsdl",
  advancedSecurity: "http://www.onvif.org/ver10/advancedsecurity/wsdl",
} as const;

/** By which namespace a camera lists each of its services (ONVIF Core, GetServices). */
export const serviceNamespaces = {
  device: namespaces.device,
  media: namespaces.media,
  media2: namespaces.media2,
  events: namespaces.events,
  security: namespaces.advancedSecurity,
} as const;
