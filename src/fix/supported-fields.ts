/**
 * What the venue does not do of all that a D, F or G may ask for: fields that it does not take, values that it does not
 * know, and fields that contradict each other. Apart from reading them, since the members' documents tell it too.
 */
import type { OrdType, Side, TimeInForce } from '../matching/types.ts';
import { enumName, fieldNameIn } from './dictionary.ts';
import { type FieldLayout, PerLayout } from './layout.ts';
import type { FixMessage } from './message.ts';
import { NEW_ORDER_SINGLE } from './messages/order-entry.ts';
import { MSG_TYPE } from './tags.ts';
import { typedTags } from './typed-messages.ts';
import type { FixVersion } from './version.ts';

const ORDER = typedTags(NEW_ORDER_SINGLE);

/** Side (54). */
export const SIDES: readonly string[] = ['1', '2'] satisfies Side[];
const ORD_TYPES: readonly string[] = ['1', '2', '3', '4'] satisfies OrdType[];
const WITH_PRICE: readonly string[] = ['2', '4'] satisfies OrdType[];
const WITH_STOP_PX: readonly string[] = ['3', '4'] satisfies OrdType[];
const WITHOUT_PRICE: readonly string[] = ['1', '3'] satisfies OrdType[];
const TIMES_IN_FORCE: readonly string[] = ['0', '1', '3', '4', '6'] satisfies TimeInForce[];
const DAY: TimeInForce = '0';
const GOOD_TILL_DATE: TimeInForce = '6';
const NONE: readonly string[] = [];
/** SelfMatchPreventionID (7928) fits 32 bits. */
const MAX_SELF_TRADE_GROUP = 2_147_483_647;

/**
 * Fields that change what an order means, with the values that the venue does: none for a field that it does
 * not take at all. Whatever is not here is either used or changes nothing.
 */
const SUPPORTED_VALUES: (readonly string[] | undefined)[] = [];
for (const [tag, values] of [
  [ORDER.Side, SIDES],
  [ORDER.OrdType, ORD_TYPES],
  [ORDER.TimeInForce, TIMES_IN_FORCE],
  [ORDER.ExecInst, ['6', 'G']],
  [ORDER.SelfMatchPreventionMode, ['0', '1', '2', '3', '4']],
  [ORDER.SettlType, ['0']],
  [ORDER.PriceType, ['2']],
  [ORDER.QtyType, ['0']],
  [ORDER.ForexReq, ['N']],
  ...[
    ORDER.MaxShow,
    ORDER.CashOrderQty,
    ORDER.OrderPercent,
    ORDER.EffectiveTime,
    ORDER.OrderQty2,
    ORDER.Price2,
    ORDER.PegOffsetValue,
    ORDER.PegPriceType,
    ORDER.DiscretionInst,
    ORDER.TargetStrategy,
    ORDER.NoStrategyParameters,
    ORDER.MatchIncrement,
    ORDER.MaxPriceLevels,
    ORDER.PriceProtectionScope,
    ORDER.TriggerType,
    ORDER.SecondaryDisplayQty,
    ORDER.DisplayWhen,
    ORDER.DisplayMethod,
    ORDER.RefreshQty,
  ].map((tag): [number, readonly string[]] => [tag, NONE]),
] as readonly (readonly [number, readonly string[]])[]) {
  while (SUPPORTED_VALUES.length <= tag) SUPPORTED_VALUES.push(undefined);
  SUPPORTED_VALUES[tag] = values;
}

/** Fields that only some orders have, and that are judged together with others or by more than a list of values. */
const INSTRUCTIONS: readonly number[] = [
  ORDER.StopPx,
  ORDER.ExpireTime,
  ORDER.ExpireDate,
  ORDER.ExecInst,
  ORDER.MinQty,
  ORDER.MaxFloor,
  ORDER.DisplayQty,
  ORDER.SelfMatchPreventionID,
  ORDER.SelfMatchPreventionMode,
];
/** Fields that are told back and mean nothing to the venue, besides Account (1). */
const OTHER_LABELS: readonly number[] = [ORDER.SecondaryClOrdID, ORDER.ClOrdLinkID];

/** The values of a field that leave an order what it is: others are refused. Undefined: the field changes nothing. */
export function supportedValues(tag: number): readonly string[] | undefined {
  return SUPPORTED_VALUES[tag];
}

/** Names what the venue does not do of a D, F or G: the first such field, or one that contradicts another. */
export function unsupportedField(message: FixMessage, version: FixVersion): string | undefined {
  // What a cancel says about its order's terms is not used.
  const isCancel = message.msgType === MSG_TYPE.OrderCancelRequest;
  if (isSupportedThroughout(message, isCancel)) return undefined;
  for (let i = 0; i < message.fieldCount; i += 1) {
    const tag = message.tagAt(i);
    const values = tag < SUPPORTED_VALUES.length ? SUPPORTED_VALUES[tag] : undefined;
    if (values === undefined || (isCancel && tag !== ORDER.Side)) continue;
    const value = message.valueAt(i);
    if (!values.includes(value)) return unsupportedText(tag, value, version);
  }
  return isCancel ? undefined : (contradictionIn(message, version) ?? badSelfTradeGroup(message));
}

/** What a D or G may have beyond a plain order, as bits: most have none of it. */
export const EXTRA = { account: 1, otherLabels: 2, instructions: 4, currency: 8 } as const;
const ANY_EXTRA = 15;

/** Bits of {@link EXTRA}: what is worth looking for. */
export function extrasIn({ layout }: FixMessage): number {
  return layout === undefined ? ANY_EXTRA : restrictionsFor(layout, false).extras;
}

/** `TimeInForce(59)=2 (AtTheOpening) is not supported`. */
export function unsupportedText(tag: number, value: string, version: FixVersion): string {
  return `${meaning(tag, value, version)} is not supported`;
}

function contradictionIn(message: FixMessage, version: FixVersion): string | undefined {
  const ordType = message.get(ORDER.OrdType) ?? '';
  const onlyFor = (tag: number, causeTag: number, values: readonly string[]): string => {
    const [first, second] = values.map((value) => meaning(causeTag, value, version));
    const others = second === undefined ? '' : ` and ${second}`;
    return `${label(tag, version)} is only for ${first}${others}`;
  };
  if (message.has(ORDER.Price) && !WITH_PRICE.includes(ordType)) {
    return onlyFor(ORDER.Price, ORDER.OrdType, WITH_PRICE);
  }
  if (message.has(ORDER.StopPx) && !WITH_STOP_PX.includes(ordType)) {
    return onlyFor(ORDER.StopPx, ORDER.OrdType, WITH_STOP_PX);
  }
  const expiry = [ORDER.ExpireTime, ORDER.ExpireDate].filter((tag) => message.has(tag));
  if (expiry.length === 2) {
    const [time, date] = expiry.map((tag) => label(tag, version));
    return `${time} and ${date} exclude each other`;
  }
  // A replace that does not name it keeps the order's own.
  const absent = message.msgType === MSG_TYPE.NewOrderSingle ? DAY : GOOD_TILL_DATE;
  if (expiry[0] !== undefined && (message.get(ORDER.TimeInForce) ?? absent) !== GOOD_TILL_DATE) {
    return onlyFor(expiry[0], ORDER.TimeInForce, [GOOD_TILL_DATE]);
  }
  const displayQty = message.get(ORDER.DisplayQty);
  const maxFloor = message.get(ORDER.MaxFloor);
  if (displayQty === undefined || maxFloor === undefined || displayQty === maxFloor) return undefined;
  return `${label(ORDER.DisplayQty, version)}=${displayQty} is not ${label(ORDER.MaxFloor, version)}=${maxFloor}`;
}

function badSelfTradeGroup(message: FixMessage): string | undefined {
  const tag = ORDER.SelfMatchPreventionID;
  if (!message.has(tag)) return undefined;
  const group = message.getInt(tag);
  if (group !== undefined && group >= 1 && group <= MAX_SELF_TRADE_GROUP) return undefined;
  return `SelfMatchPreventionID(${tag})=${message.get(tag)} is not a number from 1 to ${MAX_SELF_TRADE_GROUP}`;
}

/** Where messages of one layout have fields of which not every value is supported. */
interface Restrictions {
  readonly places: readonly number[];
  /** For each place, 1 at the bytes that are supported there: values are one byte long. */
  readonly supported: readonly Uint8Array[];
  /** Bits of {@link EXTRA}. Whether an instruction is supported cannot be said by bytes. */
  readonly extras: number;
}

const restrictionsOfOrders = new PerLayout<Restrictions>();
const restrictionsOfCancels = new PerLayout<Restrictions>();

/** Whether nothing in the message is unsupported; false when that is not known either. */
function isSupportedThroughout(message: FixMessage, isCancel: boolean): boolean {
  const { layout, source } = message;
  if (layout === undefined) return false;
  const { places, supported, extras } = restrictionsFor(layout, isCancel);
  if ((extras & EXTRA.instructions) !== 0) return false;
  for (let i = 0; i < places.length; i += 1) {
    const start = message.startAt(places[i]!);
    if (message.endAt(places[i]!) - start !== 1 || supported[i]![source[start]!] !== 1) return false;
  }
  return true;
}

function restrictionsFor(layout: FieldLayout, isCancel: boolean): Restrictions {
  const kept = isCancel ? restrictionsOfCancels : restrictionsOfOrders;
  let restrictions = kept.get(layout);
  if (restrictions === undefined) {
    restrictions = restrictionsOf(layout, isCancel);
    kept.set(layout, restrictions);
  }
  return restrictions;
}

function restrictionsOf(layout: FieldLayout, isCancel: boolean): Restrictions {
  const places: number[] = [];
  const supported: Uint8Array[] = [];
  const ordTypes = layout.placeOf(ORDER.Price) >= 0 ? WITH_PRICE : WITHOUT_PRICE;
  for (const [place, tag] of layout.tags.entries()) {
    const values = isCancel && tag !== ORDER.Side ? undefined : SUPPORTED_VALUES[tag];
    if (values === undefined) continue;
    const bytes = new Uint8Array(256);
    for (const value of tag === ORDER.OrdType ? ordTypes : values) bytes[value.charCodeAt(0)] = 1;
    places.push(place);
    supported.push(bytes);
  }
  return { places, supported, extras: isCancel ? 0 : extrasOf(layout) };
}

function extrasOf(layout: FieldLayout): number {
  const bit = (extra: number, tags: readonly number[]): number =>
    tags.some((tag) => layout.placeOf(tag) >= 0) ? extra : 0;
  return (
    bit(EXTRA.account, [ORDER.Account]) |
    bit(EXTRA.otherLabels, OTHER_LABELS) |
    bit(EXTRA.instructions, INSTRUCTIONS) |
    bit(EXTRA.currency, [ORDER.Currency])
  );
}

function label(tag: number, version: FixVersion): string {
  return `${fieldNameIn(version, tag)}(${tag})`;
}

function meaning(tag: number, value: string, version: FixVersion): string {
  const name = enumName(tag, value);
  return `${label(tag, version)}=${value}${name === undefined ? '' : ` (${name})`}`;
}
