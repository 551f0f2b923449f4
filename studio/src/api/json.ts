/** JSON with seeds as digits: a seed goes up to 2^63 - 1, and a number here loses its last digits above 2^53. */

import type { Seed } from "./types";

// Inside a text every quote has a backslash before it, so this can be nothing but a key.
const NUMBER = /"seed":\s*(\d+)/g;
const DIGITS = /"seed":"(\d+)"/g;

export const parse = <T>(text: string): T => JSON.parse(text.replace(NUMBER, '"seed":"$1"')) as T;
export const write = (value: unknown): string => JSON.stringify(value).replace(DIGITS, '"seed":$1');

/** The seed that was typed, null where it is none. */
export const seedIn = (text: string): Seed | null => (/^\d{1,19}$/.test(text.trim()) ? BigInt(text).toString() : null);
