/** A member, who logs on as SenderCompID (49) `senderCompId`; and row 0, the venue itself, which earns the fees. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { amount, instant } from './columns.ts';

/** May trade; may not; or is the venue, as whom nobody logs on. */
export const USER_STATUSES = ['active', 'disabled', 'venue'] as const;

/** What happens where two orders of one user would trade: SelfMatchPreventionMode (7929). */
export const SELF_TRADE_MODES = ['CancelNewest', 'CancelOldest', 'CancelBoth', 'Decrement'] as const;

export const User = defineEntity({
  name: 'User',
  tableName: 'users',
  checks: [
    { name: 'users_sender_comp_id_check', expression: 'sender_comp_id >= 0' },
    {
      name: 'users_cancel_grace_ms_check',
      expression: 'cancel_grace_ms >= 0 and cancel_grace_ms <= 3600000',
    },
    { name: 'users_orders_per_second_check', expression: 'orders_per_second > 0' },
    { name: 'users_session_schedule_check', expression: "session_schedule <> ''" },
    { name: 'users_allowed_addresses_check', expression: 'cardinality(allowed_addresses) > 0' },
    { name: 'users_certificate_subject_check', expression: "certificate_subject <> ''" },
    {
      name: 'users_limits_check',
      expression:
        'max_order_quantity > 0 and max_order_notional > 0 and max_open_orders > 0 and price_band_bps > 0',
    },
    {
      name: 'users_fees_check',
      expression:
        'maker_fee_rate >= 0 and maker_fee_rate <= 100000000 and taker_fee_rate >= 0 and taker_fee_rate <= 100000000',
    },
  ],
  properties: {
    id: p.integer().primary().autoincrement().generated('by default as identity'),
    /** Username (553). */
    username: p.string().length(64).unique('users_username_unique'),
    /** Argon2id in PHC format; empty for the venue, which no password opens. */
    passwordHash: p.text().hidden().lazy(),
    /** SenderCompID (49) as the integer that it is here. */
    senderCompId: p.integer().unique('users_sender_comp_id_unique'),
    status: p.enum(USER_STATUSES).default('active'),
    /** Both sequence numbers go back to 1 at every Logon (A), as if it had 141=Y. */
    resetOnLogon: p.boolean().default(false),
    /** The same after every Logout (5) that was answered. */
    resetOnLogout: p.boolean().default(false),
    /** False lets tags from 5000 on, beyond those of the venue, pass unread. */
    validateUserDefinedFields: p.boolean().default(true),
    /** When the member may be logged on, as `parseSchedule` reads it; null: around the clock. */
    sessionSchedule: p.text().nullable(),
    /** Open orders are cancelled when the session ends, unless the Logon says else. */
    cancelOnDisconnect: p.boolean().default(false),
    /** How long after the end a new Logon still saves the orders, ms. */
    cancelGraceMs: p.integer().default(10_000),
    /** Orders and replaces a second; null: the venue's own limit. */
    ordersPerSecond: p.integer().nullable(),
    /** Addresses and networks (CIDR) that the member may come from; null: any. */
    allowedAddresses: p.array().nullable(),
    /** Subject of the client certificate that the member must present; null: none is asked for. */
    certificateSubject: p.text().nullable(),
    /** Networks that the member has logged on from, the latest first: strangers cannot lock it out there. */
    knownAddresses: p.array().nullable(),
    /** For orders that do not say it themselves; null: the member's orders may trade with each other. */
    selfTradePrevention: p.enum(SELF_TRADE_MODES).nullable(),
    /** The most that an order may be for, in base units whatever its symbol; null: no bound. */
    maxOrderQuantity: amount().nullable(),
    /** The most that an order may be worth at its limit, in quote units; null: no bound. */
    maxOrderNotional: amount().nullable(),
    /** Open orders over all symbols; null: no bound. */
    maxOpenOrders: p.integer().nullable(),
    /** How far from the reference price a limit may be, in hundredths of a percent; null: the instrument's band. */
    priceBandBps: p.integer().nullable(),
    /** In 10^-8 of the notional, for orders that are accepted from now on; null: the instrument's. */
    makerFeeRate: p.integer().nullable(),
    takerFeeRate: p.integer().nullable(),
    createdAt: instant().defaultRaw('now()'),
  },
});

/** A row of `users`. */
export type User = InferEntity<typeof User>;
