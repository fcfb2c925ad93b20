/** Faults in words, for the lines that a torture run says. */

/** The kind and its details; members by their names. */
export function faultText(
  fault: { readonly type: string },
  members: readonly (readonly [name: string, ...unknown[]])[],
): string {
  const { type, ...details } = fault;
  const text = Object.entries(details).map(([name, value]) => {
    const shown = name === 'memberNo' ? (members[Number(value)]?.[0] ?? '') : shownValue(value, members);
    return `${name} ${shown}`;
  });
  return [type, ...text].join(' ');
}

function shownValue(value: unknown, members: Parameters<typeof faultText>[1]): string {
  if (Array.isArray(value)) return `[${value.map((one) => shownValue(one, members)).join(', ')}]`;
  const isFault = typeof value === 'object' && value !== null && 'type' in value;
  return isFault ? faultText(value as { type: string }, members) : String(value);
}
