/** A message as it may be logged: fields separated by `|`, passwords hidden. */
import { fieldTag } from './dictionary.ts';
import { TAG } from './tags.ts';

const SECRETS = [TAG.Password, TAG.NewPassword, fieldTag('RawData')];
const SECRET_FIELD = new RegExp(`(\\x01(?:${SECRETS.join('|')})=)[^\\x01]*`, 'g');

/** Text of one or more frames for a log line; 554, 925 and 96 are shown as `***`. */
export function wireText(bytes: Buffer): string {
  return bytes.toString('latin1').replace(SECRET_FIELD, '$1***').replaceAll('\x01', '|');
}
