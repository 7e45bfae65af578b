// Any text at all for property tests: every UTF-16 unit, lone surrogates included, and often the characters that hide or steer text.
import fc from 'fast-check';

const steering = [
  0x00, 0x09, 0x0a, 0x20, 0xad, 0x301, 0x200b, 0x200d, 0x202e, 0x2066, 0xfe0f, 0xfdd0, 0xfeff, 0xd83d, 0xdd25,
];
const unit = fc.oneof(fc.nat(0xffff), fc.constantFrom(...steering), fc.integer({ min: 0x20, max: 0x7e }));

/** @param maxLength in UTF-16 units. */
export const anyText = (maxLength: number): fc.Arbitrary<string> =>
  fc.array(unit, { maxLength }).map((units) => String.fromCharCode(...units));
