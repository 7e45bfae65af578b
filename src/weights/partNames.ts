// Names that publishers' tools have changed over the years, brought to one: the names of today's diffusers and of transformers 4.
// Matched by meaning, a whole path segment at a time, never by order.

const OLD_ATTENTION: Readonly<Record<string, string>> = {
  query: 'to_q',
  key: 'to_k',
  value: 'to_v',
  proj_attn: 'to_out.0',
};

/** The autoencoder's attention as diffusers named it before 0.18, SD 1.5's own folder among them. @source diffusers AttnProcessor deprecations */
export function autoencoderName(name: string): string {
  return name.replace(
    /(\.attentions\.\d+\.)(query|key|value|proj_attn)(?=\.)/,
    (_, path: string, old: string) => path + OLD_ATTENTION[old],
  );
}

/** transformers 5 writes CLIPTextModel without the `text_model.` that every earlier file has. */
export function textEncoderName(name: string): string {
  return /^(embeddings|encoder|final_layer_norm)\./.test(name) ? `text_model.${name}` : name;
}
