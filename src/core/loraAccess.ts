// Who may use which LoRA: a server gives one to some of its roles, or to nobody; the bot's owner takes one from everybody. Servers also say
// what their people begin with. Deliberately not here: whether a LoRA exists or fits (loraChoice.ts).
import type { LoraUse } from './lora.ts';

export interface LoraRule {
  /** Null is everywhere. */
  readonly guildId: string | null;
  readonly lora: string;
  /** One of them is enough; none is for nobody. */
  readonly roleIds: readonly string[];
}

/** Somebody in a place. */
export interface LoraUser {
  /** Everywhere, too: whoever owns the bot may use all there is. */
  readonly isOwner: boolean;
  /** In the server where it is asked for. */
  readonly roleIds: readonly string[];
}

/**
 * The rule that keeps somebody from a LoRA; undefined where nothing does.
 * @param rules of that place and of everywhere
 */
export function ruleAgainst(lora: string, rules: readonly LoraRule[], { isOwner, roleIds }: LoraUser) {
  const isAgainst = (rule: LoraRule) => rule.lora === lora && !rule.roleIds.some((role) => roleIds.includes(role));
  return isOwner ? undefined : rules.find(isAgainst);
}

/** A file that came through Discord. */
export interface LoraUpload {
  readonly lora: string;
  /** Of the whole file, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly userId: string;
  readonly guildId: string | null;
  readonly atMs: number;
}

/** The part of the database that knows who may do what with LoRAs. Every change leaves a line in the audit. */
export interface LoraAccess {
  /** Of that server, and those of everywhere. */
  loraRules(guildId: string | null): readonly LoraRule[];
  /** @param roleIds null takes the rule back: everybody may */
  setLoraRule(rule: Omit<LoraRule, 'roleIds'> & { readonly roleIds: readonly string[] | null }, byUserId: string): void;
  /** What people of a server without a choice of their own use. */
  loraDefaults(guildId: string | null): readonly LoraUse[];
  setLoraDefaults(guildId: string, loras: readonly LoraUse[], byUserId: string): void;
  /** Roles whose members may hand in files. */
  loraUploaders(guildId: string | null): readonly string[];
  /** @returns whether that changed anything */
  setLoraUploader(guildId: string, roleId: string, may: boolean, byUserId: string): boolean;
  loraUpload(lora: string): LoraUpload | undefined;
  /** The upload of exactly these bytes. */
  loraUploadOf(sha256: string): LoraUpload | undefined;
  keepLoraUpload(upload: Omit<LoraUpload, 'atMs'>): void;
  /** Forgets who handed it in, its rules and its place in defaults. */
  dropLora(lora: string, guildId: string | null, byUserId: string): void;
}
