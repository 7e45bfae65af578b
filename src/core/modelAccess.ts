// Which models a server has, and for whom: the pattern of LoRAs. Deliberately not here: whether a model exists.

export interface ModelRule {
  readonly model: string;
  /** One of them is enough; none is for nobody. */
  readonly roleIds: readonly string[];
}

/** The rule of a server that keeps somebody from a model; undefined where nothing does. Whoever owns the bot may use all there is. */
export function modelRuleAgainst(
  model: string,
  rules: readonly ModelRule[],
  { isOwner, roleIds }: { readonly isOwner: boolean; readonly roleIds: readonly string[] },
): ModelRule | undefined {
  if (isOwner) return undefined;
  return rules.find((rule) => rule.model === model && !rule.roleIds.some((role) => roleIds.includes(role)));
}
