/**
 * `npm run bench`: how many orders the venue acknowledges durably per second, and how long an acknowledgement
 * takes at a given rate. docs/PERFORMANCE.md says what the figures mean.
 */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine } from './support/machine.ts';
import { PHASES, type PhaseResult, runPhase } from './support/phases.ts';
import { type ProfileSummary, summarizeProfile } from './support/profile.ts';
import { machineText, phaseText, profileText } from './support/report.ts';

const USAGE = `npm run bench -- [--seconds N] [--warm-up-seconds N] [--phase NAME]... [--profile DIR]
                 [--config FILE] [--json]

  --seconds N          how long each phase is measured; default 10
  --warm-up-seconds N  how long each phase runs before that; default 3
  --phase NAME         only this phase, may be repeated: ${PHASES.map(({ name }) => name).join(', ')}
  --profile DIR        profile the venue, leave the profile in DIR and sum it by subsystem
  --config FILE        run the venue on this configuration instead of ./cluster.config.ts
  --json               one JSON object instead of text`;

const MAX_SECONDS = 600;

interface Options {
  readonly measureMs: number;
  readonly warmUpMs: number;
  readonly phases: typeof PHASES;
  readonly profileDir: string | undefined;
  readonly configFile: string | undefined;
  readonly isJson: boolean;
}

/** Reads the command line; a text is what is wrong with it. */
function readOptions(): Options | string {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: 'string', default: '10' },
        'warm-up-seconds': { type: 'string', default: '3' },
        phase: { type: 'string', multiple: true },
        profile: { type: 'string' },
        config: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return USAGE;
    const [measureS, warmUpS] = [Number(values.seconds), Number(values['warm-up-seconds'])];
    for (const seconds of [measureS, warmUpS]) {
      if (!(seconds > 0 && seconds <= MAX_SECONDS)) return `seconds are above 0 and at most ${MAX_SECONDS}`;
    }
    const unknown = values.phase?.find((name) => !PHASES.some((phase) => phase.name === name));
    if (unknown !== undefined) return `there is no phase "${unknown}"\n\n${USAGE}`;
    return {
      measureMs: measureS * 1000,
      warmUpMs: warmUpS * 1000,
      phases: PHASES.filter(({ name }) => values.phase?.includes(name) ?? true),
      profileDir: values.profile,
      configFile: values.config === undefined ? undefined : resolve(values.config),
      isJson: values.json,
    };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`;
  }
}

async function run(options: Options): Promise<void> {
  const { isJson, profileDir } = options;
  const machine = describeMachine(fileURLToPath(new URL('..', import.meta.url)));
  const tell = (text: string): void => {
    if (!isJson) process.stdout.write(`${text}\n\n`);
  };
  tell(machineText(machine));
  if (profileDir !== undefined) mkdirSync(profileDir, { recursive: true });
  const results: (PhaseResult & { readonly profile: ProfileSummary | undefined })[] = [];
  for (const phase of options.phases) {
    const result = await runPhase(phase, options);
    tell(phaseText(result));
    const { measuredFromUs, measuredToUs } = result;
    const profile =
      profileDir === undefined ? undefined : summarizeProfile(profileDir, measuredFromUs, measuredToUs);
    if (profile !== undefined) tell(profileText(profile));
    results.push({ ...result, profile });
  }
  if (isJson) process.stdout.write(`${JSON.stringify({ machine, results }, undefined, 2)}\n`);
}

const options = readOptions();
if (typeof options === 'string') {
  process.stderr.write(`${options}\n`);
  process.exitCode = options === USAGE ? 0 : 2;
} else {
  await run(options).catch((error: unknown) => {
    process.stderr.write(`bench failed: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
