// What a file says of its own origin: the IPTC mark by which sites tell pictures made by a model from photographs, as an XMP packet.
// Deliberately nothing else in it: no name, no path, no id, so that it may stand in pictures whose prompts are private.
// @source IPTC Photo Metadata Standard 2023.1, "Digital Source Type"; Adobe XMP specification part 1, 7.3 (packet) and part 3 (PNG, WebP)

/** How the pixels came to be. @source http://cv.iptc.org/newscodes/digitalsourcetype */
export type Origin =
  /** Drawn by a network, wholly or in parts. */
  | 'trainedAlgorithmicMedia'
  /** Somebody's own picture that was only made larger. */
  | 'algorithmicallyEnhanced';

const VOCABULARY = 'http://cv.iptc.org/newscodes/digitalsourcetype/';

/** The packet, some 400 bytes. */
export function originXmp(origin: Origin): string {
  return [
    '<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>',
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">',
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">',
    `<Iptc4xmpExt:DigitalSourceType>${VOCABULARY}${origin}</Iptc4xmpExt:DigitalSourceType>`,
    '</rdf:Description></rdf:RDF></x:xmpmeta>',
    '<?xpacket end="r"?>',
  ].join('');
}

/** Whether a file of any tool says that a model drew it. Nothing is decoded: XMP lies in the clear, and its words occur nowhere else. */
export function saysDrawn(bytes: Uint8Array): boolean {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return file.includes(`${VOCABULARY}trainedAlgorithmicMedia`);
}
