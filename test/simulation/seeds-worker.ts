/** A thread that plays the seeds that it is sent, and answers what they came to. */
import { parentPort } from 'node:worker_threads';
import { playSeeds, type SeedRange } from './seeds.ts';

parentPort?.on('message', (range: SeedRange) => parentPort?.postMessage(playSeeds(range)));
