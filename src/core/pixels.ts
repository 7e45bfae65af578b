// One picture as numbers: what pipelines make and what the picture files are written from.

/** f32[3, h, w] in -1 … 1 of one picture. */
export interface Pixels {
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** f32[h, w] in 0 … 1 over the pixels of a picture: 1 is repainted, 0 stays. */
export interface Mask {
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}
