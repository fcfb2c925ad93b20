/** What the system says of a file that cannot be read, in words for operators: the codes are for programmers. */

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is no directory',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EISDIR: 'it is a directory',
};

/** Goes on a sentence like `… cannot be read: `; the code where it is a rare one, and else the error's own words. */
export function fileFault(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'string') return WORDS[code] ?? code;
  return error instanceof Error ? error.message : String(error);
}
