/**
 * What is traded: the Instrument block and those of underlyings, as each version has them. Apart from the other
 * blocks for their length: the venue takes all of it and goes by Symbol (55) alone.
 */
import { group, in42, in44, in50, optional, since44 } from './field-rules.ts';

/** Instrument but for Symbol (55), by which alone the venue goes. */
export const INSTRUMENT = [
  ...optional('SymbolSfx SecurityID SecurityIDSource SecurityType MaturityMonthYear StrikePrice'),
  ...optional('OptAttribute ContractMultiplier PutOrCall CouponRate SecurityExchange Issuer'),
  ...optional('EncodedIssuerLen EncodedIssuer SecurityDesc EncodedSecurityDescLen'),
  ...optional('EncodedSecurityDesc'),
  ...since44([
    ...optional('Product CFICode SecuritySubType MaturityDate CouponPaymentDate IssueDate'),
    ...optional('RepoCollateralSecurityType RepurchaseTerm RepurchaseRate Factor CreditRating'),
    ...optional('InstrRegistry CountryOfIssue StateOrProvinceOfIssue LocaleOfIssue RedemptionDate'),
    ...optional('StrikeCurrency Pool ContractSettlMonth CPProgram CPRegType DatedDate'),
    ...optional('InterestAccrualDate'),
  ]),
  ...in42(optional('MaturityDay')),
  ...in50([
    ...optional('ProductComplex SecurityGroup MaturityTime SettleOnOpenFlag InstrmtAssignmentMethod'),
    ...optional('SecurityStatus RestructuringType Seniority NotionalPercentageOutstanding'),
    ...optional('OriginalNotionalPercentageOutstanding AttachmentPoint DetachmentPoint'),
    ...optional('StrikeMultiplier StrikeValue StrikePriceDeterminationMethod'),
    ...optional('StrikePriceBoundaryMethod StrikePriceBoundaryPrecision'),
    ...optional('UnderlyingPriceDeterminationMethod ContractMultiplierUnit FlowScheduleType'),
    ...optional('MinPriceIncrement MinPriceIncrementAmount UnitOfMeasure UnitOfMeasureQty'),
    ...optional('PriceUnitOfMeasure PriceUnitOfMeasureQty SettlMethod ExerciseStyle OptPayoutType'),
    ...optional('OptPayoutAmount PriceQuoteMethod ValuationMethod ListMethod CapPrice FloorPrice'),
    ...optional('FlexibleIndicator FlexProductEligibilityIndicator TimeUnit PositionLimit'),
    ...optional('NTPositionLimit SecurityXMLLen SecurityXML SecurityXMLSchema'),
  ]),
  ...since44(group('NoSecurityAltID', optional('SecurityAltID SecurityAltIDSource'))),
  ...since44(
    group('NoEvents', [
      ...optional('EventType EventDate'),
      ...in50(optional('EventTime')),
      ...optional('EventPx EventText'),
    ]),
  ),
  ...in50(
    group('NoInstrumentParties', [
      ...optional('InstrumentPartyID InstrumentPartyIDSource InstrumentPartyRole'),
      ...group('NoInstrumentPartySubIDs', optional('InstrumentPartySubID InstrumentPartySubIDType')),
    ]),
  ),
  ...in50(
    group('NoComplexEvents', [
      ...optional('ComplexEventType ComplexOptPayoutAmount ComplexEventPrice'),
      ...optional('ComplexEventPriceBoundaryMethod ComplexEventPriceBoundaryPrecision'),
      ...optional('ComplexEventPriceTimeType ComplexEventCondition'),
      ...group('NoComplexEventDates', [
        ...optional('ComplexEventStartDate ComplexEventEndDate'),
        ...group('NoComplexEventTimes', optional('ComplexEventStartTime ComplexEventEndTime')),
      ]),
    ]),
  ),
];

/** UnderlyingInstrument: what one instrument is derived from. */
export const UNDERLYING = [
  ...optional('UnderlyingSymbol UnderlyingSymbolSfx UnderlyingSecurityID'),
  ...optional('UnderlyingSecurityIDSource'),
  ...group('NoUnderlyingSecurityAltID', optional('UnderlyingSecurityAltID UnderlyingSecurityAltIDSource')),
  ...optional('UnderlyingProduct UnderlyingCFICode UnderlyingSecurityType'),
  ...optional('UnderlyingSecuritySubType UnderlyingMaturityMonthYear UnderlyingMaturityDate'),
  ...in44(optional('UnderlyingPutOrCall')),
  ...in50(optional('UnderlyingMaturityTime')),
  ...optional('UnderlyingCouponPaymentDate'),
  ...in50([
    ...optional('UnderlyingRestructuringType UnderlyingSeniority'),
    ...optional('UnderlyingNotionalPercentageOutstanding'),
    ...optional('UnderlyingOriginalNotionalPercentageOutstanding UnderlyingAttachmentPoint'),
    ...optional('UnderlyingDetachmentPoint'),
  ]),
  ...optional('UnderlyingIssueDate UnderlyingRepoCollateralSecurityType'),
  ...optional('UnderlyingRepurchaseTerm UnderlyingRepurchaseRate UnderlyingFactor'),
  ...optional('UnderlyingCreditRating UnderlyingInstrRegistry UnderlyingCountryOfIssue'),
  ...optional('UnderlyingStateOrProvinceOfIssue UnderlyingLocaleOfIssue'),
  ...optional('UnderlyingRedemptionDate UnderlyingStrikePrice UnderlyingStrikeCurrency'),
  ...optional('UnderlyingOptAttribute UnderlyingContractMultiplier'),
  ...in50([
    ...optional('UnderlyingContractMultiplierUnit UnderlyingFlowScheduleType'),
    ...optional('UnderlyingUnitOfMeasure UnderlyingUnitOfMeasureQty UnderlyingPriceUnitOfMeasure'),
    ...optional('UnderlyingPriceUnitOfMeasureQty UnderlyingTimeUnit UnderlyingExerciseStyle'),
  ]),
  ...optional('UnderlyingCouponRate UnderlyingSecurityExchange UnderlyingIssuer'),
  ...optional('EncodedUnderlyingIssuerLen EncodedUnderlyingIssuer UnderlyingSecurityDesc'),
  ...optional('EncodedUnderlyingSecurityDescLen EncodedUnderlyingSecurityDesc'),
  ...optional('UnderlyingCPProgram UnderlyingCPRegType'),
  ...in50(optional('UnderlyingAllocationPercent')),
  ...optional('UnderlyingCurrency UnderlyingQty'),
  ...in50(optional('UnderlyingSettlementType UnderlyingCashAmount UnderlyingCashType')),
  ...optional('UnderlyingPx UnderlyingDirtyPrice UnderlyingEndPrice UnderlyingStartValue'),
  ...optional('UnderlyingCurrentValue UnderlyingEndValue'),
  ...group('NoUnderlyingStips', optional('UnderlyingStipType UnderlyingStipValue')),
  ...in50([
    ...optional('UnderlyingAdjustedQuantity UnderlyingFXRate UnderlyingFXRateCalc'),
    ...optional('UnderlyingCapValue'),
  ]),
  ...in50(
    group('NoUndlyInstrumentParties', [
      ...optional('UnderlyingInstrumentPartyID UnderlyingInstrumentPartyIDSource'),
      ...optional('UnderlyingInstrumentPartyRole'),
      ...group(
        'NoUndlyInstrumentPartySubIDs',
        optional('UnderlyingInstrumentPartySubID UnderlyingInstrumentPartySubIDType'),
      ),
    ]),
  ),
  ...in50(optional('UnderlyingSettlMethod UnderlyingPutOrCall')),
];

/** UndInstrmtGrp. */
export const UNDERLYINGS = [...group('NoUnderlyings', UNDERLYING)];
