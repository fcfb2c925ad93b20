/**
 * InstrumentExtension and InstrmtLegGrp, as each version has them: what a question about instruments may contain
 * besides the instrument. Taken and not used.
 */
import { group, in50, optional } from './field-rules.ts';

/** InstrumentExtension. */
export const INSTRUMENT_EXTENSION = [
  ...optional('DeliveryForm PctAtRisk'),
  ...group('NoInstrAttrib', optional('InstrAttribType InstrAttribValue')),
];

/** InstrmtLegGrp. */
export const LEGS = [
  ...group('NoLegs', [
    ...optional('LegSymbol LegSymbolSfx LegSecurityID LegSecurityIDSource'),
    ...group('NoLegSecurityAltID', optional('LegSecurityAltID LegSecurityAltIDSource')),
    ...optional('LegProduct LegCFICode LegSecurityType LegSecuritySubType LegMaturityMonthYear'),
    ...optional('LegMaturityDate'),
    ...in50(optional('LegMaturityTime')),
    ...optional('LegCouponPaymentDate LegIssueDate LegRepoCollateralSecurityType'),
    ...optional('LegRepurchaseTerm LegRepurchaseRate LegFactor LegCreditRating LegInstrRegistry'),
    ...optional('LegCountryOfIssue LegStateOrProvinceOfIssue LegLocaleOfIssue LegRedemptionDate'),
    ...optional('LegStrikePrice LegStrikeCurrency LegOptAttribute LegContractMultiplier'),
    ...in50([
      ...optional('LegContractMultiplierUnit LegFlowScheduleType LegUnitOfMeasure'),
      ...optional('LegUnitOfMeasureQty LegPriceUnitOfMeasure LegPriceUnitOfMeasureQty LegTimeUnit'),
      ...optional('LegExerciseStyle'),
    ]),
    ...optional('LegCouponRate LegSecurityExchange LegIssuer EncodedLegIssuerLen EncodedLegIssuer'),
    ...optional('LegSecurityDesc EncodedLegSecurityDescLen EncodedLegSecurityDesc LegRatioQty'),
    ...optional('LegSide LegCurrency LegPool LegDatedDate LegContractSettlMonth'),
    ...optional('LegInterestAccrualDate'),
    ...in50(optional('LegPutOrCall LegOptionRatio LegPrice')),
  ]),
];
