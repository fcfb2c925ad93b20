/** `onebook fix …`: FIX messages in words, and what a member's engineer needs to speak with the venue. */
import { createInterface } from 'node:readline';
import { type Command, Option } from 'commander';
import { type DictionaryVersion, FIX_VERSIONS } from '../fix/version.ts';
import { groupCommand } from './client-command.ts';

/** What stands between fields: SOH on the wire, and what logs make of it. */
const SEPARATOR = String.raw`(?:\x01|\^A|\|)`;
/** Between two messages without a line break: after a CheckSum (10), before a BeginString (8). */
const BETWEEN_MESSAGES = new RegExp(String.raw`(?<=${SEPARATOR}10=\d{3}${SEPARATOR})(?=8=FIX)`);

const DICTIONARY_VERSIONS: readonly DictionaryVersion[] = [
  ...FIX_VERSIONS,
  'FIXT.1.1',
].sort() as DictionaryVersion[];

/** Adds the commands to the program. */
export function addFixCommands(program: Command): void {
  const fix = groupCommand(
    program,
    'fix',
    'FIX: decode messages, print dictionaries and the rules of engagement',
  );
  addDecode(fix);
  addDictionary(fix);
  addRules(fix);
}

// The modules of src/fix are imported by the actions, since they are large and no other command needs them.

function addDecode(fix: Command): void {
  fix
    .command('decode')
    .description('read FIX messages from standard input and name every field; passwords are not shown')
    .helpOption('-h, --help', 'show this help')
    .option('--json', 'print one JSON object a message')
    .addHelpText(
      'after',
      '\nFields may be separated by SOH, "^A" or "|", and a log may have put something before each message.' +
        '\n\nExample:\n  grep 35=D messages.log | onebook fix decode',
    )
    .action(async (flags: { readonly json?: boolean }) => {
      const { describeMessage, summariseMessage } = await import('../fix/describe.ts');
      process.stdin.setEncoding('latin1');
      for await (const line of createInterface({ input: process.stdin })) {
        for (const message of line.split(BETWEEN_MESSAGES)) {
          if (message.trim() === '') continue;
          const fields = describeMessage(message);
          const summary = summariseMessage(message);
          const text = flags.json
            ? JSON.stringify({ summary, fields })
            : [summary, ...fields.map((field) => `  ${field}`), ''].join('\n');
          process.stdout.write(`${text}\n`);
        }
      }
    });
}

function addDictionary(fix: Command): void {
  fix
    .command('dictionary')
    .description("print the venue's data dictionary of a FIX version, in QuickFIX's XML format")
    .helpOption('-h, --help', 'show this help')
    .addOption(
      new Option('--version <version>', 'version of the dictionary')
        .choices(DICTIONARY_VERSIONS)
        .makeOptionMandatory(),
    )
    .addHelpText(
      'after',
      '\nFIX.5.0SP2 travels over FIXT.1.1: an engine needs both of these dictionaries.' +
        '\n\nExample:\n  onebook fix dictionary --version FIX.4.4 > ONEBOOK44.xml',
    )
    .action(async (flags: { readonly version: DictionaryVersion }) => {
      const { dataDictionary } = await import('../fix/data-dictionary.ts');
      process.stdout.write(dataDictionary(flags.version));
    });
}

function addRules(fix: Command): void {
  fix
    .command('rules')
    .description('print the rules of engagement: every message and field, and what the venue does with them')
    .helpOption('-h, --help', 'show this help')
    .action(async () => {
      const { rulesOfEngagement } = await import('../fix/rules-of-engagement.ts');
      process.stdout.write(rulesOfEngagement());
    });
}
