/**
 * What belongs to FIXT.1.1, the session layer under FIX.5.0SP2: fixparser's data says no word about it. Names,
 * types and values are those of FIX.5.0SP2. The source is FIX.5.0SP2/Base/MsgContents.xml of the FIX repository:
 * StandardHeader, StandardTrailer and the messages of the section Session.
 */

/** Fields of its header, trailer and messages. */
export const FIXT11_TAGS: readonly number[] = [
  7, 8, 9, 10, 16, 34, 35, 36, 43, 45, 49, 50, 52, 56, 57, 58, 89, 90, 91, 93, 95, 96, 97, 98, 108, 112, 115,
  116, 122, 123, 128, 129, 141, 142, 143, 144, 145, 212, 213, 347, 354, 355, 369, 371, 372, 373, 383, 384,
  385, 464, 553, 554, 627, 628, 629, 630, 789, 925, 1128, 1129, 1130, 1131, 1137, 1156, 1400, 1401, 1402,
  1403, 1404, 1406, 1407, 1408, 1409, 1410,
];

/** MsgTypes (35) of its messages. */
export const FIXT11_MSG_TYPES: readonly string[] = ['0', '1', '2', '3', '4', '5', 'A', 'n'];
