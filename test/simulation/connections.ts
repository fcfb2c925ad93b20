/**
 * The network of a simulated venue: who is connected, what is on its way, and what arrives of it when a connection
 * ends. A member has one connection at a time.
 */
import type { ReportsCommitted, SessionMessage } from '../../src/actors/protocol.ts';
import { stopAfter } from '../../src/actors/supervision.ts';
import type { Random } from '../support/random.ts';
import type { MemberEngine } from './member.ts';
import { VenueSession } from './session.ts';
import type { SimulatedActors } from './simulated-actors.ts';
import { FrameTable, inShort, type ToVenue, Wire } from './wire.ts';

export interface ConnectionsOptions {
  readonly members: readonly MemberEngine[];
  readonly random: Random;
  readonly trace: ((line: string) => void) | undefined;
  /** What leaves the venue. */
  readonly onReports: (message: ReportsCommitted) => void;
}

export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #frames = new FrameTable();
  readonly #wires: Wire[] = [];
  readonly #sessions = new Map<Wire, VenueSession>();
  /** What the last session of each member knew at its end. */
  readonly #lastWords = new Map<number, readonly number[]>();
  #lastSessionNo = 0;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** Connections with something on its way. */
  get busyCount(): number {
    let count = 0;
    for (const wire of this.#wires) if (isBusy(wire)) count += 1;
    return count;
  }

  /** Number `index` of them. */
  busy(index: number): Wire {
    let left = index;
    for (const wire of this.#wires) {
      if (!isBusy(wire)) continue;
      if (left === 0) return wire;
      left -= 1;
    }
    throw new Error(`no connection ${index} is busy`);
  }

  /** A Logon; nothing while the last connection lasts, or the venue has not noticed its end. */
  connect(member: MemberEngine, system: SimulatedActors): void {
    const { userId } = member;
    const wires = [...this.#sessions.keys()];
    if (member.wire !== undefined || wires.some((wire) => wire.userId === userId)) return;
    this.#lastSessionNo += 1;
    const wire = new Wire(userId, `${userId}.${this.#lastSessionNo}`);
    this.#wires.push(wire);
    member.connect(wire);
    const session = new VenueSession({
      system,
      wire,
      frames: this.#frames,
      onReports: this.#options.onReports,
      onEnded: () => {
        this.#sessions.delete(wire);
        this.#lastWords.set(userId, system.knowledge);
      },
    });
    this.#sessions.set(wire, session);
    const address = { type: 'session', sessionId: wire.sessionId } as const;
    const policy = stopAfter<SessionMessage>(() => {
      session.fail();
      this.#forget(wire);
    });
    // The gateway lets the next session of a member begin when the last has given it back.
    system.knowing(this.#lastWords.get(userId) ?? [], () => system.spawn(address, session.behavior, policy));
  }

  /** Some of what is on its way arrives, at either end. */
  carry(wire: Wire, system: SimulatedActors): void {
    const { random } = this.#options;
    const isToVenue = wire.toMember.length === 0 || (wire.toVenue.length > 0 && random.chance(0.5));
    if (isToVenue) this.#read(wire, wire.toVenue.splice(0, random.integer(1, wire.toVenue.length)), system);
    else this.#hear(wire, 1);
  }

  /** The connection ends without a word; so many messages of the venue still arrive. */
  cut(member: MemberEngine, heard: number, system: SimulatedActors): void {
    const { wire } = member;
    if (wire === undefined) return;
    this.#hear(wire, heard);
    this.#forget(wire);
    system.tell({ type: 'session', sessionId: wire.sessionId }, { type: 'PeerClosed' });
  }

  /** The venue is gone, and all its ends of connections with it. */
  cutAll(heard: number, system: SimulatedActors): void {
    for (const member of this.#options.members) this.cut(member, heard, system);
    this.#sessions.clear();
    this.#lastWords.clear();
  }

  /** A member speaks after its Logon is answered; what it says behind its Logout is lost. */
  #read(wire: Wire, messages: readonly ToVenue[], system: SimulatedActors): void {
    const { sessionId } = wire;
    this.#options.trace?.(`${sessionId} reads ${messages.map(inShort).join(', ')}`);
    const session = this.#sessions.get(wire);
    if (session !== undefined) system.runAs({ type: 'session', sessionId }, () => session.read(messages));
  }

  #hear(wire: Wire, count: number): void {
    const member = this.#options.members.find((one) => one.wire === wire);
    for (const message of wire.toMember.splice(0, count)) {
      this.#options.trace?.(`${wire.sessionId} hears ${inShort(message)}`);
      member?.receive(message);
      if (message.type === 'Logout') this.#forget(wire);
    }
  }

  #forget(wire: Wire): void {
    wire.isCut = true;
    wire.toVenue.length = 0;
    wire.toMember.length = 0;
    const index = this.#wires.indexOf(wire);
    if (index >= 0) this.#wires.splice(index, 1);
    this.#options.members.find((member) => member.wire === wire)?.disconnect();
  }
}

function isBusy({ toVenue, toMember }: Wire): boolean {
  return toVenue.length + toMember.length > 0;
}
