/** What fixparser's data does not say, or says otherwise, about FIX.5.0SP2, each entry with its source. */
import type { VersionDifferences } from './version-differences.ts';

/** Of FIX.5.0SP2 as it was published: no extension pack after EP 97 is part of it. */
export const FIX50SP2: VersionDifferences = {
  fields: [],
  absentFields: [],
  values: [{ tag: 276, value: 'f', name: 'FastMarketETH', source: 'FIX50SP2.xml, QuoteCondition' }],
  absentValues: [{ tag: 276, values: ['f '], source: 'FIX50SP2.xml, QuoteCondition' }],
  lastMessage: { msgType: 'CE', source: 'FIX.5.0SP2/Base/Messages.xml' },
  disputes: [
    {
      document: 'FIX50SP2.xml',
      about: 'name',
      tags: [327, 1008],
      reason: 'renamed by extension packs after EP 97, against FIX.5.0SP2/Base/Fields.xml',
    },
    {
      document: 'FIX50SP2.xml',
      about: 'type',
      tags: [213, 587, 674, 877, 1009, 1193, 1283, 1294, 1299, 1308, 1317, 1492, 1493],
      reason: 'changed by extension packs after EP 97, against FIX.5.0SP2/Base/Fields.xml',
    },
    {
      document: 'FIX50SP2.xml',
      about: 'values',
      tags: [1035, 1395],
      reason: 'names code sets without their values: FIX.5.0SP2/Base/Enums.xml has them',
    },
  ],
};
