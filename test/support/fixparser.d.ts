// What tests use of fixparser 2.9.5, which comes without types.
declare module 'fixparser' {
  class Field {
    constructor(tag: number, value: string | number);
    readonly tag: number;
    readonly value: string | number;
  }
  class Message {
    constructor(version: string, ...fields: Field[]);
    readonly bodyLengthValid: boolean;
    readonly checksumValid: boolean;
    readonly data: readonly Field[];
    getField(tag: number): Field | undefined;
    encode(): string;
    validate(): unknown;
  }
  class FIXParser {
    parse(text: string): Message[];
  }
  const fixparser: {
    readonly default: typeof FIXParser;
    readonly Field: typeof Field;
    readonly Message: typeof Message;
    readonly Fields: Readonly<Record<string, number>>;
    readonly Messages: Readonly<Record<string, string>>;
  };
  export default fixparser;
}
