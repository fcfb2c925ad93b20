/** How members reach the venue in these tests. */

/** Plain TCP, and TLS by QuickFIX's own SSLSocketInitiator. */
export const TRANSPORTS = ['tcp', 'tls'] as const;
export type Transport = (typeof TRANSPORTS)[number];
