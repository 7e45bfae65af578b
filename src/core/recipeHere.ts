// What becomes of a recipe from anywhere on this installation: the draft that comes closest, and what is different, as data.
// Nothing is changed in silence: whoever shows the draft shows the differences.
import { fittingControls } from './controlChoice.ts';
import { type ReadControl, readControlUnits } from './controlRecipe.ts';
import { LATENT_UPSCALERS } from './hires.ts';
import { fitting, type LoraWish } from './lora.ts';
import { withPhrase } from './promptParts.ts';
import type { Recipe } from './recipe.ts';
import { withoutRepaint } from './repaint.ts';
import type { InitImage, ModelCard, RequestDraft, RequestLimits } from './request.ts';
import { formatSize, nearestSize } from './size.ts';
import { LANCZOS } from './upscale.ts';

/** What this installation has. */
export interface Here {
  readonly cards: readonly ModelCard[];
  readonly defaultModel: string;
  readonly limits: RequestLimits;
  /** The model a recipe's hash means, and the ten digits of one here. */
  readonly hashes: { modelOf(hash: string): string | undefined; hashOf(model: string): string | undefined };
  /** Names of LoRAs; absent: those that fit the model. */
  readonly loras?: readonly string[] | undefined;
  /** The LoRA a recipe's hash means. */
  readonly loraOf?: ((hash: string) => string | undefined) | undefined;
  /** Names of upscalers. */
  readonly upscalers?: readonly string[] | undefined;
  /** Whether the start picture of that hash is kept here. */
  readonly hasStart?: ((sha256: string) => boolean) | undefined;
}

export type Difference =
  /** Asked for by name or hash, and not here. */
  | { readonly kind: 'model'; readonly asked: string; readonly instead: string }
  /** The same weights under another name. */
  | { readonly kind: 'modelName'; readonly asked: string; readonly here: string }
  /** The same name, other weights. */
  | { readonly kind: 'modelHash'; readonly name: string; readonly asked: string; readonly here: string }
  | { readonly kind: 'sampler'; readonly asked: string; readonly instead: string }
  | { readonly kind: 'schedule'; readonly asked: string }
  | { readonly kind: 'size'; readonly asked: string; readonly instead: string }
  | { readonly kind: 'number'; readonly field: 'steps' | 'guidance'; readonly asked: string; readonly instead: string }
  | { readonly kind: 'start' }
  | { readonly kind: 'loras'; readonly names: readonly string[] }
  | { readonly kind: 'upscaler'; readonly asked: string }
  /** Fields that change a picture elsewhere and mean nothing here. */
  | { readonly kind: 'fields'; readonly names: readonly string[] };

export interface RecipeHere {
  readonly draft: RequestDraft;
  readonly differences: readonly Difference[];
}

type Step = readonly [draft: RequestDraft, differences: readonly Difference[]];

export function recipeHere(recipe: Recipe, here: Here): RecipeHere {
  const [model, aboutModel] = chooseModel(recipe, here);
  const card = here.cards.find(({ name }) => name === model);
  if (card === undefined) return { draft: { ...recipe.draft, model }, differences: aboutModel };
  let draft: RequestDraft = { ...styled(recipe, card), model };
  const differences = [...aboutModel];
  for (const step of [sampler, size, numbers, start, loras, controls, upscaler]) {
    const [next, found] = step(draft, recipe, here, card);
    draft = next;
    differences.push(...found);
  }
  const unknown = [...recipe.fields.keys()].filter(
    (name) => MEANINGLESS_HERE.test(name) && !isRefined(name, recipe, card) && !isFollowed(name, recipe, here, card),
  );
  if (unknown.length > 0) differences.push({ kind: 'fields', names: unknown });
  return { draft, differences };
}

/** Fields of A1111 and its extensions by which a picture differs, and that no part of this program reads. */
const MEANINGLESS_HERE =
  /^(Face restoration|Refiner|Refiner switch at|Eta|VAE|ControlNet( .*)?|ADetailer model|Hypernet|Hypernet strength|Token merging ratio|NGMS|Skip Early CFG|Dynamic thresholding enabled|FreeU .*|Emphasis|SD upscale .*|Masked content|Pad conds|Sigma .*|Sharpness|Distilled CFG Scale|Beta schedule .*)$/;

/** Whether a field about a refiner says what the model's own hints say. */
function isRefined(name: string, { fields }: Recipe, { refiner }: ModelCard): boolean {
  if (refiner === undefined || !name.startsWith('Refiner')) return false;
  const asked = fields.get('Refiner')?.replace(/ \[[0-9a-f]+\]$/, '');
  return asked === refiner.model && Number(fields.get('Refiner switch at')) === refiner.switchAt;
}

/** By hash before name: names are whatever somebody called a file. */
function chooseModel({ fields, draft }: Recipe, here: Here): readonly [string, readonly Difference[]] {
  const hash = fields.get('Model hash')?.trim() ?? '';
  const name = draft.model ?? '';
  const byHash = hash === '' ? undefined : here.hashes.modelOf(hash);
  if (byHash !== undefined) {
    const isRenamed = name !== '' && !sameName(name, byHash);
    return [byHash, isRenamed ? [{ kind: 'modelName', asked: name, here: byHash }] : []];
  }
  const byName = here.cards.find((card) => sameName(name, card.name))?.name;
  if (byName === undefined) {
    const asked = [name, hash === '' ? '' : `[${hash}]`].filter((word) => word !== '').join(' ');
    return [here.defaultModel, asked === '' ? [] : [{ kind: 'model', asked, instead: here.defaultModel }]];
  }
  const own = here.hashes.hashOf(byName);
  const isOther = own !== undefined && /^[0-9a-f]{10,64}$/i.test(hash);
  return [byName, isOther ? [{ kind: 'modelHash', name: byName, asked: hash, here: own }] : []];
}

/** `sd/Dream Shaper_8.safetensors` and `dream shaper_8` are one name. */
function sameName(a: string, b: string): boolean {
  return bareName(a) === bareName(b);
}

function bareName(name: string): string {
  const base = name.split(/[/\\]/).at(-1) ?? '';
  return base
    .replace(/\.(safetensors|ckpt)$/i, '')
    .trim()
    .toLowerCase();
}

/** A style that is another one here becomes words of the prompt; silence means no style, not this model's own. */
function styled({ draft, fields }: Recipe, card: ModelCard): RequestDraft {
  const phrase = fields.get('Style phrase') ?? '';
  const style = draft.style ?? '';
  if (style !== '' && card.styles[style] === phrase) return draft;
  return { ...draft, prompt: style === '' ? draft.prompt : withPhrase(draft.prompt, phrase), style: '' };
}

function sampler(draft: RequestDraft, { fields }: Recipe, _: Here, card: ModelCard): Step {
  const asked = fields.get('Sampler');
  if (draft.sampler === undefined) {
    const instead = card.defaults.sampler;
    return [draft, asked === undefined ? [] : [{ kind: 'sampler', asked, instead }]];
  }
  const title = fields.get('Schedule type');
  const isUnknown = title !== undefined && draft.schedule === undefined && !/^(Automatic|Uniform|Karras)$/i.test(title);
  // Silence is the sampler's own schedule, not the one this model prefers.
  return [{ ...draft, schedule: draft.schedule ?? null }, isUnknown ? [{ kind: 'schedule', asked: title }] : []];
}

function size(draft: RequestDraft, _: Recipe, { limits }: Here, card: ModelCard): Step {
  if (draft.size === undefined) return [draft, []];
  const instead = nearestSize(draft.size, card, limits);
  const [asked, possible] = [formatSize(draft.size), formatSize(instead)];
  return asked === possible ? [draft, []] : [{ ...draft, size: instead }, [{ kind: 'size', asked, instead: possible }]];
}

function numbers(draft: RequestDraft, _: Recipe, { limits }: Here): Step {
  const found: Difference[] = [];
  const bounds = { steps: [1, limits.maxSteps], guidance: [0, limits.maxGuidance] } as const;
  const changed: { steps?: number; guidance?: number } = {};
  for (const field of ['steps', 'guidance'] as const) {
    const [low, high] = bounds[field];
    const asked = draft[field];
    if (asked === undefined || (asked >= low && asked <= high)) continue;
    changed[field] = Math.min(Math.max(asked, low), high);
    found.push({ kind: 'number', field, asked: String(asked), instead: String(changed[field]) });
  }
  return [{ ...draft, ...changed }, found];
}

/** Denoising alone is a start picture whose hash nobody wrote down, or the second pass of a hires fix. */
function start(draft: RequestDraft, { fields }: Recipe, { hasStart }: Here): Step {
  const isKept = (picture: InitImage | undefined) => picture !== undefined && hasStart?.(picture.sha256) === true;
  const isHere = isKept(draft.initImage) && (draft.mask === undefined || isKept(draft.mask));
  if (isHere) return [draft, []];
  const isAsked = draft.initImage !== undefined || (draft.strength !== undefined && !fields.has('Hires upscale'));
  const { initImage: _, strength: __, ...rest } = withoutRepaint(draft);
  return [rest, isAsked ? [{ kind: 'start' }] : []];
}

/** LoRAs that are here under another name get that name; those that are not here go. Silence is none, not somebody's usual ones. */
function loras(draft: RequestDraft, { fields }: Recipe, here: Here, card: ModelCard): Step {
  const { loras: asked = [], ...rest } = draft;
  const names = here.loras ?? fitting(card.loras ?? [], card).map(({ name }) => name);
  const hashes = loraHashes(fields.get('Lora hashes') ?? '');
  const hereOf = ({ name }: LoraWish) => {
    const hash = hashes.get(name);
    const byHash = hash === undefined ? undefined : here.loraOf?.(hash);
    return names.find((one) => one === byHash) ?? names.find((one) => sameName(one, name));
  };
  const missing = asked.filter((wish) => hereOf(wish) === undefined).map(({ name }) => name);
  const kept = asked.flatMap((wish) => {
    const name = hereOf(wish);
    return name === undefined ? [] : [{ ...wish, name }];
  });
  return [{ ...rest, loras: kept }, missing.length === 0 ? [] : [{ kind: 'loras', names: [...new Set(missing)] }]];
}

/** `Lora hashes: "soft: 0123456789ab, ink: …"`, unquoted by the reader. */
function loraHashes(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(',').map((pair) => /^\s*(.+?)\s*:\s*([0-9a-f]{8,64})\s*$/i.exec(pair));
  return new Map(pairs.flatMap((match) => (match === null ? [] : [[match[1]!, match[2]!] as const])));
}

/** Those whose network and picture are both here. */
function controls(draft: RequestDraft, recipe: Recipe, here: Here, card: ModelCard): Step {
  const { controls: _, ...rest } = draft;
  const kept = unitsHere(recipe, here, card).map(({ wish }) => wish);
  return [kept.length === 0 ? rest : { ...rest, controls: kept }, []];
}

function isFollowed(field: string, recipe: Recipe, here: Here, card: ModelCard): boolean {
  const unit = /^ControlNet \d+/.exec(field)?.[0];
  return unit !== undefined && unitsHere(recipe, here, card).some((one) => one.field === unit);
}

/** With the names networks have here, by hash before name. */
function unitsHere({ fields }: Recipe, { hasStart }: Here, card: ModelCard): readonly ReadControl[] {
  const networks = fittingControls(card.controls ?? [], card);
  return readControlUnits(fields).flatMap((unit) => {
    const { wish, hash } = unit;
    const isPictureHere = wish.image !== undefined && hasStart?.(wish.image.sha256) === true;
    const byHash = hash === undefined ? undefined : networks.find((one) => one.hash === hash);
    const network = byHash ?? networks.find((one) => sameName(one.name, wish.model!));
    return isPictureHere && network !== undefined ? [{ ...unit, wish: { ...wish, model: network.name } }] : [];
  });
}

/** A second pass can be drawn from another enlargement; enlarging at the end is left out. */
function upscaler(draft: RequestDraft, _: Recipe, here: Here): Step {
  const isHere = (name: string | undefined) =>
    name === undefined || WITHOUT_NETWORK.includes(name) || here.upscalers?.includes(name) === true;
  const { hires, upscale, ...rest } = draft;
  const asked = [hires?.upscaler, upscale?.upscaler].filter((name) => name !== undefined && !isHere(name));
  const { upscaler: name, ...secondPass } = hires ?? {};
  const kept: RequestDraft = {
    ...rest,
    ...(hires === undefined ? {} : { hires: isHere(name) ? hires : secondPass }),
    ...(upscale === undefined || !isHere(upscale.upscaler) ? {} : { upscale }),
  };
  return [kept, [...new Set(asked)].map((one) => ({ kind: 'upscaler', asked: one! }))];
}

const WITHOUT_NETWORK: readonly string[] = [...LATENT_UPSCALERS, LANCZOS];
