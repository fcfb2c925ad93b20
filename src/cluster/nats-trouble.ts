/**
 * What keeps a node from NATS, as one sentence with what to do: the client's own words name neither the server nor the
 * setting. Apart from the carrier, since it only reads errors.
 */

/** What the sentence names. */
export interface NatsPlace {
  readonly servers: readonly string[];
  /** Where the login comes from; undefined: there is none. */
  readonly loginText?: string;
}

/** Without a password, whatever the error says. */
export function natsTrouble(error: unknown, { servers, loginText }: NatsPlace): string {
  const words = error instanceof Error ? error.message : String(error);
  const place = servers.join(', ');
  if (/authorization|authentication|permissions violation/i.test(words)) {
    return loginText === undefined
      ? `${place} lets nobody in without a login: set nats.user and nats.passwordFile, or nats.credsFile`
      : `${place} refuses the login (${loginText}): correct it there or on the server`;
  }
  if (/refused/i.test(words)) return `nobody listens at ${place}: start NATS there, or correct nats.servers`;
  if (/ENOTFOUND|EAI_AGAIN|getaddrinfo/i.test(words)) {
    return `there is no such name: ${place} (${words}): correct nats.servers`;
  }
  if (/timeout|timed out/i.test(words)) {
    return `${place} does not answer: start NATS there, or correct nats.servers`;
  }
  if (/certificate|self.signed|unable to verify|\btls\b|\bssl\b/i.test(words)) {
    return `${place} and this node do not agree on TLS (${words}): check nats.tls`;
  }
  return `${place} cannot be used: ${words || 'the connection ended'}`;
}
