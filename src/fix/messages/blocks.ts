/**
 * Blocks of fields that several order messages share, as each version has them. Of FIX.5.0SP2 it is what was
 * published up to extension pack 97.
 */
import { group, in50, optional, since44 } from './field-rules.ts';

/** Parties: taken and not used, since the identity of a member is its session's. */
export const PARTIES = [
  ...group('NoPartyIDs', [
    ...optional('PartyID PartyIDSource PartyRole'),
    ...group('NoPartySubIDs', optional('PartySubID PartySubIDType')),
  ]),
];

/** PreAllocGrp. */
export const PRE_ALLOCATIONS = [
  ...group('NoAllocs', [
    ...optional('AllocAccount'),
    ...since44(optional('AllocAcctIDSource AllocSettlCurrency IndividualAllocID')),
    ...since44(
      group('NoNestedPartyIDs', [
        ...optional('NestedPartyID NestedPartyIDSource NestedPartyRole'),
        ...group('NoNestedPartySubIDs', optional('NestedPartySubID NestedPartySubIDType')),
      ]),
    ),
    ...optional('AllocQty'),
  ]),
];

/** TrdgSesGrp. */
export const TRADING_SESSIONS = [
  ...group('NoTradingSessions', [
    ...optional('TradingSessionID'),
    ...since44(optional('TradingSessionSubID')),
  ]),
];

/** FinancingDetails. */
export const FINANCING = [
  ...optional('AgreementDesc AgreementID AgreementDate AgreementCurrency TerminationType'),
  ...optional('StartDate EndDate DeliveryType MarginRatio'),
];

/** Stipulations. */
export const STIPULATIONS = [...group('NoStipulations', optional('StipulationType StipulationValue'))];

/** SpreadOrBenchmarkCurveData and YieldData. */
export const SPREAD_AND_YIELD = [
  ...optional('Spread BenchmarkCurveCurrency BenchmarkCurveName BenchmarkCurvePoint'),
  ...optional('BenchmarkPrice BenchmarkPriceType BenchmarkSecurityID BenchmarkSecurityIDSource'),
  ...optional('YieldType Yield YieldCalcDate YieldRedemptionDate YieldRedemptionPrice'),
  ...optional('YieldRedemptionPriceType'),
];

/** CommissionData. */
export const COMMISSION = [
  ...optional('Commission CommType'),
  ...since44(optional('CommCurrency FundRenewWaiv')),
];

/** PegInstructions and DiscretionInstructions. */
export const PEG_AND_DISCRETION = [
  ...optional('PegOffsetValue DiscretionInst DiscretionOffsetValue'),
  ...since44([
    ...optional('PegMoveType PegOffsetType PegLimitType PegRoundDirection PegScope'),
    ...optional('DiscretionMoveType DiscretionOffsetType DiscretionLimitType'),
    ...optional('DiscretionRoundDirection DiscretionScope'),
  ]),
  ...in50(optional('PegPriceType PegSecurityIDSource PegSecurityID PegSymbol PegSecurityDesc')),
];

/** OrderQtyData without OrderQty (38), which each message declares itself. */
export const OTHER_QUANTITIES = [
  ...optional('CashOrderQty'),
  ...since44(optional('OrderPercent RoundingDirection RoundingModulus')),
];

/** TriggeringInstruction and DisplayInstruction of FIX.5.0SP2. */
export const TRIGGERING_AND_DISPLAY = [
  ...optional('TriggerType TriggerAction TriggerPrice TriggerSymbol TriggerSecurityID'),
  ...optional('TriggerSecurityIDSource TriggerSecurityDesc TriggerPriceType TriggerPriceTypeScope'),
  ...optional('TriggerPriceDirection TriggerNewPrice TriggerOrderType TriggerNewQty'),
  ...optional('TriggerTradingSessionID TriggerTradingSessionSubID DisplayQty SecondaryDisplayQty'),
  ...optional('DisplayWhen DisplayMethod DisplayLowQty DisplayHighQty DisplayMinIncr RefreshQty'),
];

/** StrategyParametersGrp of FIX.5.0SP2. */
export const STRATEGY_PARAMETERS = [
  ...group(
    'NoStrategyParameters',
    optional('StrategyParameterName StrategyParameterType StrategyParameterValue'),
  ),
];

/** TrdRegTimestamps of FIX.5.0SP2. */
export const REGULATORY_TIMESTAMPS = [
  ...group('NoTrdRegTimestamps', [
    ...optional('TrdRegTimestamp TrdRegTimestampType TrdRegTimestampOrigin DeskType'),
    ...optional('DeskTypeSource DeskOrderHandlingInst'),
  ]),
];
