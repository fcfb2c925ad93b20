/**
 * Where fixparser's data is wrong or silent for FIX.4.4, each entry with the source that says so. It is one
 * late repository of all versions: fields that older versions had are gone, types are those of later versions.
 */

/** The QuickFIX-format dictionaries that a test compares this table with. */
const SOURCE_FIX42 = 'FIX42.xml, <fields>';
const SOURCE_FIX43 = 'FIX43.xml, <fields>';
const SOURCE_FIX44 = 'FIX44.xml, <fields>';

/** A field as a specification has it. */
export interface FieldDifference {
  readonly tag: number;
  readonly name: string;
  readonly type: string;
  readonly source: string;
}

/** Fields of FIX.4.2 and FIX.4.3 that fixparser lacks: named in what we show, not defined in FIX.4.4. */
export const FIELDS_BEFORE_44: readonly FieldDifference[] = [
  { tag: 20, name: 'ExecTransType', type: 'char', source: SOURCE_FIX42 },
  { tag: 24, name: 'IOIOthSvc', type: 'char', source: SOURCE_FIX42 },
  { tag: 46, name: 'RelatdSym', type: 'String', source: SOURCE_FIX42 },
  { tag: 47, name: 'Rule80A', type: 'char', source: SOURCE_FIX42 },
  { tag: 51, name: 'SendingDate', type: 'LocalMktDate', source: SOURCE_FIX42 },
  { tag: 76, name: 'ExecBroker', type: 'String', source: SOURCE_FIX42 },
  { tag: 86, name: 'DlvyInst', type: 'String', source: SOURCE_FIX42 },
  { tag: 92, name: 'BrokerOfCredit', type: 'String', source: SOURCE_FIX42 },
  { tag: 105, name: 'WaveNo', type: 'String', source: SOURCE_FIX42 },
  { tag: 109, name: 'ClientID', type: 'String', source: SOURCE_FIX42 },
  { tag: 125, name: 'CxlType', type: 'char', source: SOURCE_FIX42 },
  { tag: 166, name: 'SettlLocation', type: 'String', source: SOURCE_FIX42 },
  { tag: 173, name: 'SettlDepositoryCode', type: 'String', source: SOURCE_FIX42 },
  { tag: 174, name: 'SettlBrkrCode', type: 'String', source: SOURCE_FIX42 },
  { tag: 175, name: 'SettlInstCode', type: 'String', source: SOURCE_FIX42 },
  { tag: 176, name: 'SecuritySettlAgentName', type: 'String', source: SOURCE_FIX42 },
  { tag: 177, name: 'SecuritySettlAgentCode', type: 'String', source: SOURCE_FIX42 },
  { tag: 178, name: 'SecuritySettlAgentAcctNum', type: 'String', source: SOURCE_FIX42 },
  { tag: 179, name: 'SecuritySettlAgentAcctName', type: 'String', source: SOURCE_FIX42 },
  { tag: 180, name: 'SecuritySettlAgentContactName', type: 'String', source: SOURCE_FIX42 },
  { tag: 181, name: 'SecuritySettlAgentContactPhone', type: 'String', source: SOURCE_FIX42 },
  { tag: 182, name: 'CashSettlAgentName', type: 'String', source: SOURCE_FIX42 },
  { tag: 183, name: 'CashSettlAgentCode', type: 'String', source: SOURCE_FIX42 },
  { tag: 184, name: 'CashSettlAgentAcctNum', type: 'String', source: SOURCE_FIX42 },
  { tag: 185, name: 'CashSettlAgentAcctName', type: 'String', source: SOURCE_FIX42 },
  { tag: 186, name: 'CashSettlAgentContactName', type: 'String', source: SOURCE_FIX42 },
  { tag: 187, name: 'CashSettlAgentContactPhone', type: 'String', source: SOURCE_FIX42 },
  { tag: 204, name: 'CustomerOrFirm', type: 'int', source: SOURCE_FIX42 },
  { tag: 205, name: 'MaturityDay', type: 'DayOfMonth', source: SOURCE_FIX42 },
  { tag: 219, name: 'Benchmark', type: 'char', source: SOURCE_FIX42 },
  { tag: 314, name: 'UnderlyingMaturityDay', type: 'DayOfMonth', source: SOURCE_FIX42 },
  { tag: 319, name: 'RatioQty', type: 'Qty', source: SOURCE_FIX42 },
  { tag: 370, name: 'OnBehalfOfSendingTime', type: 'UTCTimestamp', source: SOURCE_FIX42 },
  { tag: 439, name: 'ClearingFirm', type: 'String', source: SOURCE_FIX42 },
  { tag: 440, name: 'ClearingAccount', type: 'String', source: SOURCE_FIX42 },
  { tag: 449, name: 'TotalVolumeTradedDate', type: 'UTCDateOnly', source: SOURCE_FIX43 },
  { tag: 450, name: 'TotalVolumeTradedTime', type: 'UTCTimeOnly', source: SOURCE_FIX43 },
  { tag: 465, name: 'QuantityType', type: 'int', source: SOURCE_FIX43 },
];

/** Fields whose name or type in FIX.4.4 is not what fixparser says. */
export const FIELDS_OF_44: readonly FieldDifference[] = [
  { tag: 18, name: 'ExecInst', type: 'MultipleValueString', source: SOURCE_FIX44 },
  { tag: 63, name: 'SettlType', type: 'char', source: SOURCE_FIX44 },
  { tag: 139, name: 'MiscFeeType', type: 'char', source: SOURCE_FIX44 },
  { tag: 276, name: 'QuoteCondition', type: 'MultipleValueString', source: SOURCE_FIX44 },
  { tag: 277, name: 'TradeCondition', type: 'MultipleValueString', source: SOURCE_FIX44 },
  { tag: 286, name: 'OpenCloseSettlFlag', type: 'MultipleValueString', source: SOURCE_FIX44 },
  { tag: 291, name: 'FinancialStatus', type: 'MultipleValueString', source: SOURCE_FIX44 },
  { tag: 292, name: 'CorporateAction', type: 'MultipleValueString', source: SOURCE_FIX44 },
  { tag: 327, name: 'HaltReasonChar', type: 'char', source: SOURCE_FIX44 },
  { tag: 529, name: 'OrderRestrictions', type: 'MultipleValueString', source: SOURCE_FIX44 },
  { tag: 532, name: 'MassCancelRejectReason', type: 'char', source: SOURCE_FIX44 },
  { tag: 546, name: 'Scope', type: 'MultipleValueString', source: SOURCE_FIX44 },
];

/** Tags that fixparser marks as FIX.4.4 and that FIX44.xml does not have. */
export const TAGS_NOT_IN_44: ReadonlySet<number> = new Set([685, 809]);

/** A value of an enumeration in FIX.4.4. */
export interface EnumDifference {
  readonly tag: number;
  readonly value: string;
  readonly name: string;
  readonly source: string;
}

/** Values that FIX.4.4 has and fixparser lacks, or marks as later. */
export const ENUMS_OF_44: readonly EnumDifference[] = [
  { tag: 235, value: 'VALUE1/32', name: 'YieldValueOf1/32', source: 'FIX44.xml, YieldType' },
  { tag: 20, value: '0', name: 'New', source: 'FIX42.xml, ExecTransType' },
  { tag: 20, value: '1', name: 'Cancel', source: 'FIX42.xml, ExecTransType' },
  { tag: 20, value: '2', name: 'Correct', source: 'FIX42.xml, ExecTransType' },
  { tag: 20, value: '3', name: 'Status', source: 'FIX42.xml, ExecTransType' },
];

/**
 * Values that older versions had, fixparser keeps without a mark of their end, and FIX44.xml no longer has:
 * named in what we show, but not well-formed in a message of FIX.4.4.
 */
export const ENUMS_NOT_IN_44: ReadonlyMap<number, readonly string[]> = new Map([
  [40, ['5', 'A', 'B', 'C', 'F', 'H']],
]);

/** fixparser does not mark messages with versions: two-letter types beyond this one came after FIX.4.4. */
export const LAST_MSG_TYPE_OF_44 = 'BH';
