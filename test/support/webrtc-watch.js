/* global AudioContext, document, MediaStream, performance, RTCPeerConnection, TransformStream, btoa */

/** In a page: plays what the function `whep`, which the test exposes, answers to an offer. */
globalThis.watch = async ({ audio = "recvonly", without }) => {
  const started = performance.now();
  const connection = new RTCPeerConnection({ encodedInsertableStreams: true });
  const video = document.createElement("video");
  const frames = [];
  let spoiling = { from: 0, count: 0 };
  let spoiled = Promise.withResolvers();
  let sinceKey = 0;
  let firstFrameMs;
  video.autoplay = true;
  document.body.append(video);
  video.requestVideoFrameCallback(() => (firstFrameMs = performance.now() - started));
  const media = new MediaStream();
  video.srcObject = media;
  const look = new TransformStream({
    transform: (frame, controller) => {
      frames.push(btoa(String.fromCharCode(...new Uint8Array(frame.data.slice(0, 400)))));
      sinceKey = frame.type === "key" ? 0 : sinceKey + 1;
      if (sinceKey === spoiling.from) spoiling = { from: -1, count: spoiling.count };
      if (spoiling.from < 0 && spoiling.count > 0) {
        new Uint8Array(frame.data).fill(0, 5);
        spoiling.count -= 1;
        spoiled.resolve(Date.now());
      }
      controller.enqueue(frame);
    },
  });
  // Before there is an answer: on a busy box, "track" is told of after the first pictures came, and those would be thrown away.
  const receive = ({ receiver }, through = new TransformStream()) => {
    media.addTrack(receiver.track);
    const { readable, writable } = receiver.createEncodedStreams();
    void readable.pipeThrough(through).pipeTo(writable);
  };
  receive(connection.addTransceiver("video", { direction: "recvonly" }), look);
  if (audio === "recvonly") receive(connection.addTransceiver("audio", { direction: "recvonly" }));
  if (audio === "sendrecv") {
    const context = new AudioContext();
    const voice = context.createOscillator();
    const microphone = context.createMediaStreamDestination();
    voice.connect(microphone);
    voice.start();
    const transceiver = connection.addTransceiver(microphone.stream.getAudioTracks()[0], { direction: "sendrecv" });
    receive(transceiver);
    const { readable, writable } = transceiver.sender.createEncodedStreams();
    void readable.pipeTo(writable);
  }
  await connection.setLocalDescription(await connection.createOffer());
  if (connection.iceGatheringState !== "complete") {
    await new Promise((resolve) => {
      connection.onicegatheringstatechange = () => {
        if (connection.iceGatheringState === "complete") resolve();
      };
    });
  }
  const offer = connection.localDescription.sdp;
  const sdp = await globalThis.whep(without === undefined ? offer : offer.replaceAll(without, "X-NONE"));
  await connection.setRemoteDescription({ type: "answer", sdp });

  globalThis.watched = async () => {
    const stats = [...(await connection.getStats()).values()];
    const inbound = (kind) => stats.find((stat) => stat.type === "inbound-rtp" && stat.kind === kind) ?? {};
    const [picture, sound] = [inbound("video"), inbound("audio")];
    return {
      state: connection.connectionState,
      width: video.videoWidth,
      height: video.videoHeight,
      currentTime: video.currentTime,
      framesDecoded: picture.framesDecoded ?? 0,
      packetsLost: picture.packetsLost ?? 0,
      packetsReceived: picture.packetsReceived ?? 0,
      audioPackets: sound.packetsReceived ?? 0,
      audioCodec: stats.find(({ id }) => id === sound.codecId)?.mimeType,
      audioEnergy: sound.totalAudioEnergy ?? 0,
      pliCount: picture.pliCount ?? 0,
      nackCount: picture.nackCount ?? 0,
      firstFrameMs,
      pictures: frames.length,
    };
  };
  globalThis.heads = (from) => frames.slice(from);
  globalThis.pixels = () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [8, 8];
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0, 8, 8);
    return [...context.getImageData(0, 0, 8, 8).data];
  };
  globalThis.spoil = (count, from) => {
    spoiled = Promise.withResolvers();
    spoiling = { from, count };
    return spoiled.promise;
  };
  globalThis.leave = () => connection.close();
};
