/**
 * Fields that several messages share: header, trailer and the component blocks of FIX.4.4, as its dictionary
 * has them.
 */
import { type FieldRule, group, optional, required } from './field-rules.ts';

/** The standard header. 8, 9 and 35 come first, in this order. */
export const HEADER: readonly FieldRule[] = [
  ...required('BeginString BodyLength MsgType SenderCompID TargetCompID MsgSeqNum SendingTime'),
  ...optional('PossDupFlag PossResend OrigSendingTime'),
  ...optional('SenderSubID SenderLocationID TargetSubID TargetLocationID'),
  ...optional('OnBehalfOfCompID OnBehalfOfSubID OnBehalfOfLocationID'),
  ...optional('DeliverToCompID DeliverToSubID DeliverToLocationID'),
  ...optional('SecureDataLen SecureData XmlDataLen XmlData MessageEncoding LastMsgSeqNumProcessed'),
  ...group('NoHops', optional('HopCompID HopSendingTime HopRefID')),
];

/** The standard trailer. 10 is the last field. */
export const TRAILER: readonly FieldRule[] = [
  ...optional('SignatureLength Signature'),
  ...required('CheckSum'),
];

/** Text (58) and its encoded form. */
export const TEXT: readonly FieldRule[] = optional('Text EncodedTextLen EncodedText');

/** Instrument: the venue goes by Symbol (55) alone. */
export const INSTRUMENT: readonly FieldRule[] = [
  ...required('Symbol'),
  ...optional('SymbolSfx SecurityID SecurityIDSource'),
  ...group('NoSecurityAltID', optional('SecurityAltID SecurityAltIDSource')),
  ...optional('Product CFICode SecurityType SecuritySubType MaturityMonthYear MaturityDate PutOrCall'),
  ...optional('CouponPaymentDate IssueDate RepoCollateralSecurityType RepurchaseTerm RepurchaseRate Factor'),
  ...optional('CreditRating InstrRegistry CountryOfIssue StateOrProvinceOfIssue LocaleOfIssue'),
  ...optional('RedemptionDate StrikePrice StrikeCurrency OptAttribute ContractMultiplier CouponRate'),
  ...optional('SecurityExchange Issuer EncodedIssuerLen EncodedIssuer'),
  ...optional('SecurityDesc EncodedSecurityDescLen EncodedSecurityDesc Pool ContractSettlMonth'),
  ...optional('CPProgram CPRegType'),
  ...group('NoEvents', optional('EventType EventDate EventPx EventText')),
  ...optional('DatedDate InterestAccrualDate'),
];

/** Parties: taken and not used, since the identity of a member is its session's. */
export const PARTIES: readonly FieldRule[] = group('NoPartyIDs', [
  ...optional('PartyID PartyIDSource PartyRole'),
  ...group('NoPartySubIDs', optional('PartySubID PartySubIDType')),
]);

/** PreAllocGrp. */
export const PRE_ALLOCATIONS: readonly FieldRule[] = group('NoAllocs', [
  ...optional('AllocAccount AllocAcctIDSource AllocSettlCurrency IndividualAllocID'),
  ...group('NoNestedPartyIDs', [
    ...optional('NestedPartyID NestedPartyIDSource NestedPartyRole'),
    ...group('NoNestedPartySubIDs', optional('NestedPartySubID NestedPartySubIDType')),
  ]),
  ...optional('AllocQty'),
]);

/** TrdgSesGrp. */
export const TRADING_SESSIONS: readonly FieldRule[] = group(
  'NoTradingSessions',
  optional('TradingSessionID TradingSessionSubID'),
);

/** UndInstrmtGrp. */
export const UNDERLYINGS: readonly FieldRule[] = group('NoUnderlyings', [
  ...optional('UnderlyingSymbol UnderlyingSymbolSfx UnderlyingSecurityID UnderlyingSecurityIDSource'),
  ...group('NoUnderlyingSecurityAltID', optional('UnderlyingSecurityAltID UnderlyingSecurityAltIDSource')),
  ...optional('UnderlyingProduct UnderlyingCFICode UnderlyingSecurityType UnderlyingSecuritySubType'),
  ...optional('UnderlyingMaturityMonthYear UnderlyingMaturityDate UnderlyingPutOrCall'),
  ...optional('UnderlyingCouponPaymentDate UnderlyingIssueDate UnderlyingRepoCollateralSecurityType'),
  ...optional('UnderlyingRepurchaseTerm UnderlyingRepurchaseRate UnderlyingFactor UnderlyingCreditRating'),
  ...optional('UnderlyingInstrRegistry UnderlyingCountryOfIssue UnderlyingStateOrProvinceOfIssue'),
  ...optional('UnderlyingLocaleOfIssue UnderlyingRedemptionDate UnderlyingStrikePrice'),
  ...optional('UnderlyingStrikeCurrency UnderlyingOptAttribute UnderlyingContractMultiplier'),
  ...optional('UnderlyingCouponRate UnderlyingSecurityExchange UnderlyingIssuer'),
  ...optional('EncodedUnderlyingIssuerLen EncodedUnderlyingIssuer UnderlyingSecurityDesc'),
  ...optional('EncodedUnderlyingSecurityDescLen EncodedUnderlyingSecurityDesc'),
  ...optional('UnderlyingCPProgram UnderlyingCPRegType UnderlyingCurrency UnderlyingQty UnderlyingPx'),
  ...optional('UnderlyingDirtyPrice UnderlyingEndPrice UnderlyingStartValue UnderlyingCurrentValue'),
  ...optional('UnderlyingEndValue'),
  ...group('NoUnderlyingStips', optional('UnderlyingStipType UnderlyingStipValue')),
]);

/** FinancingDetails. */
export const FINANCING: readonly FieldRule[] = optional(
  'AgreementDesc AgreementID AgreementDate AgreementCurrency TerminationType StartDate EndDate DeliveryType MarginRatio',
);

/** Stipulations. */
export const STIPULATIONS: readonly FieldRule[] = group(
  'NoStipulations',
  optional('StipulationType StipulationValue'),
);

/** SpreadOrBenchmarkCurveData and YieldData. */
export const SPREAD_AND_YIELD: readonly FieldRule[] = [
  ...optional('Spread BenchmarkCurveCurrency BenchmarkCurveName BenchmarkCurvePoint BenchmarkPrice'),
  ...optional('BenchmarkPriceType BenchmarkSecurityID BenchmarkSecurityIDSource'),
  ...optional('YieldType Yield YieldCalcDate YieldRedemptionDate YieldRedemptionPrice'),
  ...optional('YieldRedemptionPriceType'),
];

/** CommissionData. */
export const COMMISSION: readonly FieldRule[] = optional('Commission CommType CommCurrency FundRenewWaiv');

/** PegInstructions and DiscretionInstructions. */
export const PEG_AND_DISCRETION: readonly FieldRule[] = [
  ...optional('PegOffsetValue PegMoveType PegOffsetType PegLimitType PegRoundDirection PegScope'),
  ...optional('DiscretionInst DiscretionOffsetValue DiscretionMoveType DiscretionOffsetType'),
  ...optional('DiscretionLimitType DiscretionRoundDirection DiscretionScope'),
];

/** OrderQtyData without OrderQty (38), which each message declares itself. */
export const OTHER_QUANTITIES: readonly FieldRule[] = optional(
  'CashOrderQty OrderPercent RoundingDirection RoundingModulus',
);
