/** What a table of differences says about one version of FIX. The tables are beside this file, one a version. */

/** A field as a specification has it. */
export interface FieldDifference {
  readonly tag: number;
  readonly name: string;
  readonly type: string;
  /** Documents and places that say so. */
  readonly source: string;
}

/** Fields that a version does not have although fixparser marks them as that old. */
export interface AbsentFields {
  readonly tags: readonly number[];
  readonly source: string;
}

/** A value of an enumeration. */
export interface EnumDifference {
  readonly tag: number;
  readonly value: string;
  /** Left out where fixparser has the value, but marks it as later than it is. */
  readonly name?: string;
  readonly source: string;
}

/** Values that a version does not have although fixparser marks them as that old. */
export interface AbsentValues {
  readonly tag: number;
  readonly values: readonly string[];
  readonly source: string;
}

/** The newest message of a version: fixparser does not say which version brought a message. */
export interface LastMessage {
  /** MsgType (35). They were given out in order: one character before two, then by code. */
  readonly msgType: string;
  readonly source: string;
}

/** Where a document that the dictionary is compared with is not followed, and why. */
export interface Dispute {
  readonly document: string;
  readonly about: 'name' | 'type' | 'values';
  readonly tags: readonly number[];
  readonly reason: string;
}

/** What fixparser's data does not say, or says otherwise, about one version. */
export interface VersionDifferences {
  /** Fields that fixparser lacks or marks as later, and those with another name or type. */
  readonly fields: readonly FieldDifference[];
  readonly absentFields: readonly AbsentFields[];
  /** Values that fixparser lacks, or marks as later. */
  readonly values: readonly EnumDifference[];
  readonly absentValues: readonly AbsentValues[];
  readonly lastMessage: LastMessage;
  readonly disputes: readonly Dispute[];
}
