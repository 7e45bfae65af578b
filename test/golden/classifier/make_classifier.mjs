// A dozen harmless pictures and what nsfwjs itself says of them: nsfwjs 4.3.0 with MobileNetV2 on @tensorflow/tfjs 4.22.0, backend cpu, Node 20.
// Run: (cd models/safety/nsfwjs/recipe && npm install) && node test/golden/classifier/make_classifier.mjs
// Tolerance 1e-4: convolutions of 53 layers in single precision, summed in another order; the normalisations are folded into them here.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import sharp from 'sharp';

const here = (name) => new URL(name, import.meta.url);
const recipe = createRequire(here('../../../models/safety/nsfwjs/recipe/package.json'));
const tf = recipe('@tensorflow/tfjs');
const { load } = recipe('nsfwjs/core');
const { MobileNetV2Model } = recipe('nsfwjs/models/mobilenet_v2');

await tf.setBackend('cpu');
const classifier = await load('MobileNetV2', { size: 224, modelDefinitions: [MobileNetV2Model] });

const pictures = { ...(await ofTheModel()), ...(await drawings()), ...(await noises()) };
const scores = {};
for (const [name, png] of Object.entries(pictures)) {
  writeFileSync(here(`${name}.png`), png);
  scores[name] = await classify(png);
}
writeFileSync(here('scores.json'), `${JSON.stringify(scores, null, 1)}\n`);

async function classify(png) {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const pixels = tf.tensor3d(new Int32Array(data), [info.height, info.width, info.channels], 'int32');
  const logits = classifier.infer(pixels);
  const [drawing, hentai, neutral, porn, sexy] = await logits.data();
  return { drawing, hentai, neutral, porn, sexy };
}

/** Cells of the shipped model's contact sheet, at sizes a user may ask for. */
async function ofTheModel() {
  const sheet = here('../../../models/emoji/sheet.webp');
  const cut = (column, row, width, height) =>
    sharp(sheet.pathname)
      .extract({ left: column * 128, top: row * 128, width: 128, height: 128 })
      .resize(width, height, { fit: 'fill' })
      .removeAlpha()
      .png({ palette: false, compressionLevel: 9 })
      .toBuffer();
  return {
    emoji_128: await cut(0, 0, 128, 128),
    emoji_tall: await cut(2, 1, 96, 160),
    emoji_wide: await cut(3, 3, 192, 128),
    emoji_large: await cut(5, 4, 320, 288),
  };
}

async function drawings() {
  const draw = (width, height, body) =>
    sharp(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${body}</svg>`))
      .flatten({ background: '#ffffff' })
      .png({ compressionLevel: 9 })
      .toBuffer();
  return {
    house: await draw(224, 224, `<rect width="224" height="224" fill="#9cf"/><path d="M30 120L112 40 194 120V200H30Z" fill="#b54"/>`),
    face: await draw(
      150,
      101,
      `<circle cx="75" cy="50" r="45" fill="#fc6"/><circle cx="60" cy="40" r="5"/><circle cx="90" cy="40" r="5"/><path d="M55 65Q75 85 95 65" stroke="#000" stroke-width="4" fill="none"/>`,
    ),
    lines: await draw(500, 300, Array.from({ length: 25 }, (_, k) => `<path d="M${20 * k} 0L${500 - 20 * k} 300" stroke="#222"/>`).join('')),
    dot: await draw(1, 1, `<rect width="1" height="1" fill="#c36"/>`),
  };
}

async function noises() {
  let state = 12345;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
  const noise = (width, height, level) =>
    sharp(Buffer.from(Array.from({ length: width * height * 3 }, (_, at) => level(at, next()))), {
      raw: { width, height, channels: 3 },
    })
      .png({ compressionLevel: 9 })
      .toBuffer();
  return {
    noise: await noise(97, 64, (_, random) => random),
    dim_noise: await noise(64, 96, (_, random) => random >> 3),
    gradient: await noise(257, 190, (at) => Math.floor((at % (257 * 3)) / 3.03)),
    skin_colour: await noise(48, 48, (at, random) => [224, 172, 138][at % 3] + (random >> 5)),
  };
}
