/** Orders that are wrong in one field each, and what the venue answers: the field, its value and the reason. */
import { MSG_TYPE, TAG } from '../../src/fix/tags.ts';

/** What comes back for a bad order. */
export interface BadOrder {
  readonly what: string;
  readonly fields: Readonly<Record<number, string>>;
  readonly answer: Readonly<Record<number, string>>;
  /** The text (58) names the field, and what is wrong with it. */
  readonly text: RegExp;
}

const REJECT = { [TAG.MsgType]: MSG_TYPE.Reject };
const REFUSAL = { [TAG.MsgType]: MSG_TYPE.ExecutionReport, [TAG.ExecType]: '8', [TAG.OrdStatus]: '8' };
const badFormat = (tag: number) => ({
  ...REJECT,
  [TAG.RefTagID]: String(tag),
  [TAG.SessionRejectReason]: '6',
});
const refused = (reason: string) => ({ ...REFUSAL, [TAG.OrdRejReason]: reason });
const DIGITS = '1234567890'.repeat(4);

/** One change each to an order that is right. */
export const BAD_ORDERS: readonly BadOrder[] = [
  {
    what: 'an unknown symbol',
    fields: { [TAG.Symbol]: 'DOGE-USD' },
    answer: refused('1'),
    text: /Symbol\(55\)=DOGE-USD/,
  },
  {
    what: 'a price off tick',
    fields: { [TAG.Price]: '100.001' },
    answer: refused('99'),
    text: /Price\(44\)=100\.001 .*tick size 0\.01/,
  },
  {
    what: 'a quantity off lot',
    fields: { [TAG.OrderQty]: '1.0001' },
    answer: refused('13'),
    text: /OrderQty\(38\)=1\.0001 .*lot size 0\.001/,
  },
  { what: 'quantity zero', fields: { [TAG.OrderQty]: '0' }, answer: refused('13'), text: /OrderQty\(38\)=0/ },
  {
    what: 'a negative quantity',
    fields: { [TAG.OrderQty]: '-1' },
    answer: refused('13'),
    text: /OrderQty\(38\)=-1/,
  },
  {
    what: 'a negative price',
    fields: { [TAG.Price]: '-100' },
    answer: refused('99'),
    text: /Price\(44\)=-100/,
  },
  { what: 'price zero', fields: { [TAG.Price]: '0.00' }, answer: refused('99'), text: /Price\(44\)/ },
  {
    what: 'a price of 1e400',
    fields: { [TAG.Price]: '1e400' },
    answer: badFormat(TAG.Price),
    text: /Price\(44\)=1e400/,
  },
  {
    what: 'a quantity of 1e400',
    fields: { [TAG.OrderQty]: '1e400' },
    answer: badFormat(TAG.OrderQty),
    text: /OrderQty\(38\)=1e400/,
  },
  { what: 'NaN', fields: { [TAG.Price]: 'NaN' }, answer: badFormat(TAG.Price), text: /Price\(44\)=NaN/ },
  {
    what: 'infinity',
    fields: { [TAG.OrderQty]: 'Infinity' },
    answer: badFormat(TAG.OrderQty),
    text: /OrderQty\(38\)=Infinity/,
  },
  {
    what: 'a price of 40 digits',
    fields: { [TAG.Price]: DIGITS },
    answer: refused('99'),
    text: /Price\(44\)=123/,
  },
  {
    what: 'a quantity of 40 digits',
    fields: { [TAG.OrderQty]: DIGITS },
    answer: refused('13'),
    text: /OrderQty\(38\)=123/,
  },
  {
    what: 'a symbol of 5,000 characters',
    fields: { [TAG.Symbol]: 'X'.repeat(5_000) },
    answer: badFormat(TAG.Symbol),
    text: /Symbol\(55\) has 5000 bytes/,
  },
  {
    what: 'a ClOrdID of 5,000 characters',
    fields: { [TAG.ClOrdID]: 'X'.repeat(5_000) },
    answer: badFormat(TAG.ClOrdID),
    text: /ClOrdID\(11\) has 5000 bytes/,
  },
  {
    what: 'side 5',
    fields: { [TAG.Side]: '5' },
    answer: { ...refused('11'), [TAG.Side]: '5' },
    text: /Side\(54\)=5/,
  },
  {
    what: 'a side that FIX does not know',
    fields: { [TAG.Side]: '?' },
    answer: { ...REJECT, [TAG.RefTagID]: String(TAG.Side), [TAG.SessionRejectReason]: '5' },
    text: /Side\(54\)=\?/,
  },
  {
    what: 'a symbol in Greek',
    fields: { [TAG.Symbol]: utf8('ΔΡΑΧΜΗ') },
    answer: refused('1'),
    text: /Symbol\(55\)=/,
  },
];

/** Bytes of UTF-8 as the test client writes them: one character a byte. */
export function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
