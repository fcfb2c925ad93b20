// Shapes of fixparser 2.9.5's data files, which come without types. Only dictionary.ts and
// dictionary-editions.ts import them.
declare module 'fixparser/spec/SpecFields.js' {
  export const FIELDS: readonly {
    readonly Tag: string;
    readonly Name: string;
    readonly Type: string;
    /** The version that brought the field; with AddedEP, an extension pack after that version. */
    readonly Added: string;
    readonly AddedEP?: string;
    /** For a Length field: the data field whose length it carries. */
    readonly AssociatedDataTag?: string;
    /** The tag whose enumeration this field shares. */
    readonly EnumDatatype?: string;
  }[];
}

declare module 'fixparser/spec/SpecEnums.js' {
  export const ENUMS: readonly {
    readonly Tag: string;
    readonly Value: string;
    readonly SymbolicName: string;
    readonly Added?: string;
    readonly AddedEP?: string;
  }[];
}
